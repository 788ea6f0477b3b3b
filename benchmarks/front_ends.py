"""What front ends cost and gain: processor time a request of the owner and of the front ends, beside a server of one process.

    python benchmarks/front_ends.py [--front-ends N] [--quick] [--rounds N] [--checkout DIR] [--json FILE]

In: wrk on PATH. Out: a table of medians, and whether each limit was kept; the exit status is 1 where one was not. The servers take
turns. All metrics and the access log are on. With the owner's and a front end's time, docs/performance.md says how many front ends
keep how many cores busy. Run by hand; docs/performance.md holds results.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rig.comparison import add_options, compared
from rig.load import Load, drive, wrk_path
from rig.processes import PROC, front_end, members, process_cpu_seconds
from rig.ratios import Found
from rig.servers import Kind, Server, another_servescope, running, servescope

ONE = "one process"
ROWS = {
    "rate": "requests/s, c=64, batch 1",
    "batch_rate": "requests/s, c=64, batches of 16, 1 ms",
    "p50_one": "p50 at c=1, µs",
    "owner_us": "the server's own process a request, batch 1, µs",
    "fronts_us": "front ends a request, batch 1, µs",
    "batch_owner_us": "the server's own process a request, batches of 16, µs",
    "batch_fronts_us": "front ends a request, batches of 16, µs",
}


@dataclass(frozen=True)
class Plan:
    """How much to do: rounds a server, seconds of a load run, and of warm-up before each."""

    rounds: int
    seconds: int
    warm_up_s: int


FULL = Plan(rounds=5, seconds=8, warm_up_s=4)
QUICK = Plan(rounds=2, seconds=3, warm_up_s=2)


@dataclass(frozen=True)
class Limit:
    """What must hold of the medians of both."""

    text: str
    value: float
    bound: float
    at_most: bool = True

    @property
    def kept(self) -> bool:
        return self.value <= self.bound if self.at_most else self.value >= self.bound


def limits(one: Found, many: Found) -> list[Limit]:
    """The issue's own."""
    return [
        Limit("owner's processor time a request, batch 1, µs", many["owner_us"], 25.0),
        Limit("owner's processor time a request, batches of 16, µs", many["batch_owner_us"], 15.0),
        Limit("p50 at c=1 over one process, µs", many["p50_one"] - one["p50_one"], 90.0),
        Limit("requests/s at c=64, batch 1, to one process", many["rate"] / one["rate"], 0.8, at_most=False),
        Limit("requests/s, batches of 16, to one process", many["batch_rate"] / one["batch_rate"], 0.8, at_most=False),
    ]


def _front_ends(server: Server) -> list[int]:
    def speaks(pid: int) -> bool:
        return b"servescope.web.front_ends.child" in (PROC / str(pid) / "cmdline").read_bytes()

    return [process.pid for process in members(server.session) if speaks(process.pid)]


def _load(server: Server, model: str, plan: Plan) -> tuple[float, float, float]:
    """Requests/s at c=64, and the owner's and the front ends' processor time a request in µs."""
    url, owner, fronts = server.url(model), front_end(server.session), _front_ends(server)
    drive(Load(url, 64, plan.warm_up_s))
    before = [process_cpu_seconds(pid) for pid in (owner, *fronts)]
    found = drive(Load(url, 64, plan.seconds))
    spent = [process_cpu_seconds(pid) - cpu_s for pid, cpu_s in zip((owner, *fronts), before, strict=True)]
    return found.rate, spent[0] / found.requests * 1e6, sum(spent[1:]) / found.requests * 1e6


def measure(kind: Kind, plan: Plan) -> Found:
    """One round: start the server, measure, end it. Raises VoidRunError where a request failed, and what servers.running raises."""
    with running(kind) as server:
        rate, owner_us, fronts_us = _load(server, "noop", plan)
        batch_rate, batch_owner_us, batch_fronts_us = _load(server, "noop16", plan)
        drive(Load(server.url("noop"), 1, plan.warm_up_s))
        one = drive(Load(server.url("noop"), 1, plan.seconds))
    return {
        "rate": rate,
        "batch_rate": batch_rate,
        "p50_one": one.p50_ms * 1000,
        "owner_us": owner_us,
        "fronts_us": fronts_us,
        "batch_owner_us": batch_owner_us,
        "batch_fronts_us": batch_fronts_us,
    }


def table(one: Found, many: Found, name: str) -> str:
    """A Markdown table of both."""
    lines = [f"| | {ONE} | {name} |", "|---|--:|--:|"]
    return "\n".join(lines + [f"| {title} | {one[key]:.4g} | {many[key]:.4g} |" for key, title in ROWS.items()])


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Compare a server with front ends with one of a single process.")
    parser.add_argument("--front-ends", type=int, default=2, metavar="N", help="so many (2)")
    add_options(parser)
    parser.add_argument("--checkout", type=Path, metavar="DIR", help="measure another checkout of Servescope")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the comparison. Exit status: 0 all limits kept, 1 one not, 2 void or impossible to run."""
    arguments = _arguments(argv)
    name = f"{arguments.front_ends} front ends"

    def kinds() -> list[Kind]:
        wrk_path()
        kind = another_servescope(arguments.checkout) if arguments.checkout else servescope()
        wide = {"front_ends": str(arguments.front_ends)}
        return [replace(kind, name=ONE), replace(kind, name=name, settings=wide)]

    found = compared(arguments, (QUICK, FULL), kinds, measure)
    if found is None:
        return 2
    one, many = found[ONE], found[name]
    judged = limits(one, many)
    print(f"{table(one, many, name)}\n")
    for limit in judged:
        word = "at most" if limit.at_most else "at least"
        print(f"{limit.text}: {limit.value:.3g} ({word} {limit.bound:g}): {'kept' if limit.kept else 'MISSED'}")
    return 0 if all(limit.kept for limit in judged) else 1


if __name__ == "__main__":
    sys.exit(main())
