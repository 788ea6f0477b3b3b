"""Does `servescope plan` say the truth of a real server? Its edge beside theory's, and how often the truth is in its interval.

    python benchmarks/plan.py [--repeats 10] [--budget 240s] [--repeat-budget 60s] [--only edges|coverage] [--json FILE]

In: an environment with servescope. Out: a row for each handler (50 ms of sleep, constant as in M/D/c, or exponential as in
M/M/c) on 1, 2 and 4 workers: the edge, its interval, theory's, and the arithmetic ceiling; then, of so many short plans of one
worker, how many had the truth in their interval. The exit status is 1 where an edge is more than 10 % from theory's or above
the ceiling, or fewer than 90 % of the intervals have the truth. Half an hour and more; sleeping takes no processor, but whoever
shares the machine delays the client, so run nothing else.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(CHECKOUT / "tests"))  # queueing theory, which the tests of the search use too

from planner.pools import SERVICE_S, true_edge  # noqa: E402
from servers import Server, another_servescope, running  # noqa: E402
from servescope.planner.objective import parse_objective  # noqa: E402
from stores import write_archive  # noqa: E402

COUNTS = (1, 2, 4)
SLOS = {"constant": "p95=200ms", "exponential": "p90=300ms"}
WITHIN = 0.1
COVERED = 0.9
# In M/D/c the ceiling is never passed; the mean of exponential times that were drawn is not quite the one asked for.
ABOVE = {"constant": 1.0, "exponential": 1.03}
HANDLER = """
import random, time

def handle(data, context):
    if data is not None:
        time.sleep({seconds})
    return None if data is None else ["ok"] * len(data)
"""
SECONDS = {"constant": f"{SERVICE_S}", "exponential": f"random.expovariate(1 / {SERVICE_S})"}


@dataclass(frozen=True)
class Row:
    """One plan: requests a second, all workers together."""

    kind: str
    workers: int
    edge: float
    low: float
    high: float | None
    truth: float
    ceiling: float
    limit: str

    @property
    def off(self) -> float:
        """From the truth, over it."""
        return self.edge / self.truth - 1

    @property
    def good(self) -> bool:
        """Near the truth, and possible."""
        return abs(self.off) < WITHIN and self.edge <= ABOVE[self.kind] * self.ceiling

    @property
    def covers(self) -> bool:
        """Whether the truth is in the interval."""
        return self.low <= self.truth and (self.high is None or self.truth <= self.high)

    def __str__(self) -> str:
        high = "open" if self.high is None else f"{self.high:.4g}"
        return (
            f"{self.kind:12} {self.workers} workers: {self.edge:.4g} ({self.low:.4g} to {high}), theory {self.truth:.4g}"
            f" ({100 * self.off:+.1f} %), ceiling {self.ceiling:g}, limit {self.limit}"
            f"{'' if self.covers else ', NOT COVERED'}{'' if self.good else ', MISSED'}"
        )


@contextmanager
def serving() -> Iterator[Server]:
    """A server that can register both handlers."""
    with running(
        another_servescope(CHECKOUT), {"enable_model_api": "true", "disable_system_metrics": "true"}
    ) as server:
        for kind, seconds in SECONDS.items():
            config = "minWorkers: 1\nmaxWorkers: 1\njobQueueSize: 1000\n"
            write_archive(server.room / "store", kind, HANDLER.format(seconds=seconds), config)
            _command(server, "models", "register", f"{kind}.mar")
        yield server


def planned(server: Server, kind: str, workers: int, budget: str, seed: int) -> Row:
    """What the command says. Raises CalledProcessError where it says nothing."""
    words = ["--slo", SLOS[kind], "--rps", "100", "--budget", budget, "--seed", str(seed), "--sweep", str(workers)]
    plan = json.loads(_command(server, "plan", kind, *words, "--json", "--yes"))
    edge: Mapping[str, float] = plan["edge"] or {"rate": 0.0, "low": 0.0, "high": 0.0}
    truth = true_edge(kind, workers, parse_objective(SLOS[kind]))
    return Row(
        kind, workers, edge["rate"], edge["low"], edge["high"], truth, workers / SERVICE_S, plan["limit"]["name"]
    )


def _command(server: Server, *words: str) -> str:
    environment = {**os.environ, "TEMP": str(server.room / "tmp"), "PYTHONPATH": str(CHECKOUT / "src")}
    command = [sys.executable, "-m", "servescope.cli.main", *words]
    return subprocess.run(
        command, cwd=server.room, env=environment, stdout=subprocess.PIPE, check=True, text=True
    ).stdout


def main() -> int:
    """Run, print, judge."""
    parser = argparse.ArgumentParser(description="Plans of a real server beside queueing theory.")
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--budget", default="240s")
    parser.add_argument("--repeat-budget", default="60s")
    parser.add_argument("--only", choices=("edges", "coverage"))
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    edges, repeats = list[Row](), list[Row]()
    with serving() as server:
        if asked.only != "coverage":
            for kind in SLOS:
                for workers in COUNTS:
                    edges.append(planned(server, kind, workers, asked.budget, seed=1))
                    print(edges[-1], flush=True)
        if asked.only != "edges":
            for seed in range(asked.repeats):
                repeats.append(planned(server, tuple(SLOS)[seed % 2], 1, asked.repeat_budget, seed))
                print(repeats[-1], flush=True)
    covered = sum(one.covers for one in repeats)
    if repeats:
        print(f"The truth is in {covered} of {len(repeats)} intervals.")
    if asked.json is not None:
        asked.json.write_text(json.dumps([asdict(one) for one in (*edges, *repeats)], indent=2))
    return 0 if all(one.good for one in edges) and covered >= COVERED * len(repeats) else 1


if __name__ == "__main__":
    sys.exit(main())
