"""Servescope against Mosec, whose front end is written in Rust, on the same no-op models.

    python benchmarks/versus_mosec.py --mosec-env DIR [--quick] [--rounds N] [--before CHECKOUT] [--json FILE]

In: a Python environment with mosec 0.9.8 (and wrk on PATH). Out: a table of medians and ratios beside the targets, and the
front ends' processor time a request beside its limits; the exit status is 1 where a ratio misses its `at least`. The servers
take turns. All metrics and the access log are on here; Mosec has no access log. Run by hand; docs/performance.md holds results.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rig.comparison import add_options, compared
from rig.load import Load, Measured, drive, wrk_path
from rig.processes import front_end, process_cpu_seconds
from rig.ratios import Found, Ratio, all_met, since_table, table
from rig.servers import Kind, Server, another_servescope, mosec, running, servescope

RATIOS = (
    Ratio("batch_rate", "requests/s, c=64, batches of 16, 1 ms", "1/s", 1.15, None, True),
    Ratio("p50_one", "p50 at c=1", "ms", 0.95, None, False),
    Ratio("p99_one", "p99 at c=1", "ms", 1.1, None, False),
    Ratio("rate", "requests/s, c=64, batch 1", "1/s", 1.5, None, True),
    Ratio("p99", "p99 at c=64", "ms", 0.65, None, False),
)
# Not judged as ratios: microseconds depend on the machine, and Mosec's front end is threads of a process below its launcher.
BESIDE = {
    "front_us": "front end's processor time a request, batch 1, µs (limit 75)",
    "batch_front_us": "front end's processor time a request, batches of 16, µs (limit 40)",
}
TITLES = {ratio.key: f"{ratio.title}, {ratio.unit}" for ratio in RATIOS} | BESIDE


@dataclass(frozen=True)
class Plan:
    """How much to do: rounds a server, seconds of a load run, and of warm-up before each."""

    rounds: int
    seconds: int
    warm_up_s: int


FULL = Plan(rounds=5, seconds=8, warm_up_s=4)
QUICK = Plan(rounds=2, seconds=3, warm_up_s=2)


def _load(server: Server, model: str, connections: int, plan: Plan) -> tuple[Measured, float]:
    """One measured run, and the front end's processor time a request in µs."""
    url, pid = server.url(model), front_end(server.session)
    drive(Load(url, connections, plan.warm_up_s))
    before = process_cpu_seconds(pid)
    found = drive(Load(url, connections, plan.seconds))
    return found, (process_cpu_seconds(pid) - before) / found.requests * 1e6


def measure(kind: Kind, plan: Plan) -> Found:
    """One round: start the server, measure, end it. Raises VoidRunError where a request failed, and what servers.running raises."""
    with running(kind) as server:
        many, front_us = _load(server, "noop", 64, plan)
        batches, batch_front_us = _load(server, "noop16", 64, plan)
        one, _ = _load(server, "noop", 1, plan)
    return {
        "rate": many.rate,
        "p99": many.p99_ms,
        "batch_rate": batches.rate,
        "p50_one": one.p50_ms,
        "p99_one": one.p99_ms,
        "front_us": front_us,
        "batch_front_us": batch_front_us,
    }


def beside(ours: Found) -> str:
    """Lines of what is not judged."""
    return "\n".join(f"{title}: {ours[key]:.3g}" for key, title in BESIDE.items())


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Compare Servescope with Mosec on the same no-op models.")
    parser.add_argument("--mosec-env", type=Path, required=True, help="environment with mosec (0.9.8)")
    add_options(parser)
    parser.add_argument(
        "--before", type=Path, metavar="CHECKOUT", help="another checkout of Servescope, measured beside"
    )
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the comparison. Exit status: 0 all targets met, 1 one missed, 2 void or impossible to run."""
    arguments = _arguments(argv)

    def kinds() -> list[Kind]:
        wrk_path()
        before = [another_servescope(arguments.before)] if arguments.before else []
        return [mosec(arguments.mosec_env), servescope(), *before]

    found = compared(arguments, (QUICK, FULL), kinds, measure)
    if found is None:
        return 2
    theirs, ours = found["Mosec"], found["Servescope"]
    print(f"{table(RATIOS, 'Mosec', theirs, ours)}\n\n{beside(ours)}")
    if "before" in found:
        print(f"\n{since_table(TITLES, found['before'], ours)}")
    return 0 if all_met(RATIOS, theirs, ours) else 1


if __name__ == "__main__":
    sys.exit(main())
