"""Servescope against TorchServe on the same no-op archives: speed, memory and start.

    python benchmarks/versus_torchserve.py --torchserve-env DIR [--quick] [--rounds N] [--only RATIO ...]
                                           [--before CHECKOUT] [--json FILE]

In: a Python environment with torchserve 0.12.0 (Java 17 and wrk on PATH). Out: a table of medians and ratios beside the
targets; the exit status is 1 where a ratio misses its `at least`. The servers take turns, several rounds each, so that
a machine that grows slower or faster in the meantime treats both alike. Run by hand; docs/performance.md holds results.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rig.comparison import add_options, compared
from rig.load import Load, Measured, drive, wrk_path
from rig.memory import tree_pss_bytes
from rig.processes import cpu_seconds
from rig.ratios import Ratio, all_met, since_table, table
from rig.servers import Kind, Server, another_servescope, running, servescope, torchserve

MIB = 1024 * 1024


RATIOS = (
    Ratio("rate", "requests/s, c=64, batch 1", "1/s", 6.0, 7.3, True),
    Ratio("batch_rate", "requests/s, c=64, batchSize 16, maxBatchDelay 1", "1/s", 3.5, 4.2, True),
    Ratio("p50", "p50 at c=1", "ms", 0.5, 0.38, False),
    Ratio("p99", "p99 at c=64", "ms", 0.15, 0.08, False),
    Ratio("memory", "memory (PSS), front end and two workers", "MiB", 0.25, 0.15, False),
    Ratio("start", "start to first answer", "s", 0.5, 0.3, False),
)
# What comes along with them.
BESIDE = {
    "cpu_ms": "processor time a request, batch 1, ms",
    "batch_cpu_ms": "processor time a request, batchSize 16, ms",
}
KEYS = tuple(ratio.key for ratio in RATIOS)
TITLES = {ratio.key: f"{ratio.title}, {ratio.unit}" for ratio in RATIOS} | BESIDE


@dataclass(frozen=True)
class Plan:
    """How much to do: rounds a server, seconds of a load run, of warm-up after the start and before each run.

    TorchServe's JVM compiles what runs often, and reaches its full speed only after half a minute of load.
    """

    rounds: int
    seconds: int
    first_warm_up_s: int
    warm_up_s: int


FULL = Plan(rounds=5, seconds=8, first_warm_up_s=30, warm_up_s=4)
QUICK = Plan(rounds=2, seconds=3, first_warm_up_s=8, warm_up_s=2)


def _load(server: Server, model: str, connections: int, plan: Plan) -> tuple[Measured, float]:
    """One measured run, and the server's processor time a request in ms, which a busy machine shakes less."""
    url = server.url(model)
    drive(Load(url, connections, plan.warm_up_s))
    before = cpu_seconds(server.session)
    found = drive(Load(url, connections, plan.seconds))
    return found, (cpu_seconds(server.session) - before) / found.requests * 1000


def measure(kind: Kind, plan: Plan, wanted: frozenset[str]) -> dict[str, float]:
    """One round: start the server, measure the keys in `wanted`, end it. Memory is taken after the loads.

    Beside them come `cpu_ms` and `batch_cpu_ms`, processor milliseconds a request, for the rounds' lines and the JSON.
    Raises VoidRunError where a request failed, and whatever servers.running raises.
    """
    found: dict[str, float] = {}
    with running(kind) as server:
        found["start"] = server.first_answer_s
        if wanted - {"start"}:
            drive(Load(server.url("noop"), 64, plan.first_warm_up_s))
        if wanted & {"rate", "p99", "memory"}:
            many, cpu_ms = _load(server, "noop", 64, plan)
            found |= {"rate": many.rate, "p99": many.p99_ms, "cpu_ms": cpu_ms}
        if wanted & {"batch_rate", "memory"}:
            batches, cpu_ms = _load(server, "noop16", 64, plan)
            found |= {"batch_rate": batches.rate, "batch_cpu_ms": cpu_ms}
        if "p50" in wanted:
            found["p50"] = _load(server, "noop", 1, plan)[0].p50_ms
        if "memory" in wanted:
            found["memory"] = tree_pss_bytes(server.session) / MIB
    return {key: value for key, value in found.items() if key in wanted or key not in KEYS}


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Compare Servescope with TorchServe on the same no-op archives.")
    parser.add_argument("--torchserve-env", type=Path, required=True, help="environment with bin/torchserve (0.12.0)")
    parser.add_argument(
        "--torchserve-log-config",
        type=Path,
        metavar="FILE",
        help="a log4j2 configuration instead of TorchServe's own, as log4j2-access-only.xml beside this script",
    )
    add_options(parser)
    parser.add_argument(
        "--only", nargs="+", choices=KEYS, default=KEYS, metavar="RATIO", help=f"some of: {', '.join(KEYS)}"
    )
    parser.add_argument(
        "--before", type=Path, metavar="CHECKOUT", help="another checkout of Servescope, measured beside"
    )
    parser.add_argument("--baseline", action="store_true", help="measure TorchServe alone")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the comparison. Exit status: 0 all `at least` targets met, 1 one missed, 2 void or impossible to run."""
    arguments = _arguments(argv)

    def kinds() -> list[Kind]:
        wrk_path()
        found = [torchserve(arguments.torchserve_env, arguments.torchserve_log_config)]
        found += [] if arguments.baseline else [servescope()]
        return found + ([another_servescope(arguments.before)] if arguments.before else [])

    wanted = frozenset(arguments.only)
    found = compared(arguments, (QUICK, FULL), kinds, lambda kind, plan: measure(kind, plan, wanted))
    if found is None:
        return 2
    theirs, ours = found["TorchServe"], found.get("Servescope")
    print(table(RATIOS, "TorchServe", theirs, ours))
    if ours and "before" in found:
        print(f"\n{since_table(TITLES, found['before'], ours)}")
    return 0 if ours is None or all_met(RATIOS, theirs, ours) else 1


if __name__ == "__main__":
    sys.exit(main())
