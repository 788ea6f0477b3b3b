"""How good the autoscaler's policy is: against the published ones and the pool that knows the future, in virtual time.

    python benchmarks/autoscale.py [--quick] [--seeds 3] [--only conv] [--processes N] [--json FILE]

In: seven traces (five made up, two public ones from benchmarks/traces) times three service times (medians of 20 ms, 200 ms and 2 s
with 1, 10 and 60 s to load, lognormal with sigma 0.5, objective five medians). Out: a row each against the best published policy:
the cheapest of those with 99 % inside the objective, else the one with the most inside. Verdicts by seed: WIN, no more misses at no
more than 0.9 times the cost; win, fewer misses at no more cost; mid, not worse in both; LOSE, worse in both. The exit status is 1
where there is a LOSE, or one of the other limits is passed. Pure Python, some minutes.
"""

import argparse
import json
import multiprocessing
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from statistics import mean

from servescope.autoscaler.simulator.arrivals.arrivals import Arrivals
from servescope.autoscaler.simulator.arrivals.patterns import Pattern, make_arrivals
from servescope.autoscaler.simulator.arrivals.traces import read_trace
from servescope.autoscaler.simulator.compare import FIXED, OWN, PERFECT, PUBLISHED, Score, compare
from servescope.autoscaler.simulator.pool import PoolOptions
from servescope.autoscaler.simulator.replay import Load, Outcome, Terms
from servescope.autoscaler.simulator.services import service_times

TRACES = Path(__file__).parent / "traces"
# Mean rates, by which `step` goes from 1 to 30 requests a second, `spike` from 5 to 60, and `bursty` up to 40.
PATTERNS = {"steady": 10.0, "step": 15.5, "spike": 5 * 41 / 30, "diurnal": 10.5, "bursty": 10.0}
RECORDED = ("conv", "code")
NAMES = (*PATTERNS, *RECORDED)
SERVICES = ((0.02, 1.0), (0.2, 10.0), (2.0, 60.0))  # medians and seconds to load
SIGMA, MEDIANS = 0.5, 5.0
DURATION_S = 3600.0
GOOD, CHEAPER = 0.99, 0.9
MOST_WORKERS = 1000
# `conv` against the perfect pool, where it needs five workers or more on average, and where it needs fewer.
LARGE, OVER_LARGE, OVER_SMALL = 5.0, 1.35, 2.0
STEADY_AFTER_S, CALM_S = 600.0, 600.0


@dataclass(frozen=True)
class Cell:
    """What one seed of one trace with one service time came to. `perfect_s`, `bound_s`: worker-seconds, see `Comparison`."""

    trace: str
    median_s: float
    load_s: float
    seed: int
    end_s: float
    scores: Sequence[Score]
    perfect_s: float
    bound_s: float
    late_changes: int

    @property
    def workers(self) -> float:
        """How many the perfect pool has on average."""
        return self.perfect_s / self.end_s

    def score(self, name: str) -> Score:
        return next(score for score in self.scores if score.name == name)

    @property
    def best(self) -> Score:
        """The published policy to beat."""
        published = [score for score in self.scores if score.name in PUBLISHED]
        good = [score for score in published if score.inside >= GOOD]
        return min(good, key=lambda score: score.worker_seconds) if good else max(published, key=_by_inside)

    @property
    def verdict(self) -> str:
        own, best = self.score(OWN), self.best
        cost = own.worker_seconds / best.worker_seconds
        if own.inside >= best.inside and cost <= CHEAPER:
            return "WIN"
        if own.inside > best.inside and cost <= 1.0:
            return "win"
        return "mid" if own.inside >= best.inside or cost <= 1.0 else "LOSE"

    @property
    def forbidden(self) -> bool:
        """Whether no pool could be so much cheaper than the best without more misses: that would be below the bound."""
        return self.bound_s > CHEAPER * self.best.worker_seconds


def _by_inside(score: Score) -> tuple[float, float]:
    return score.inside, -score.worker_seconds


def arrivals_of(trace: str, seed: int) -> Arrivals:
    """Of one of the seven."""
    if trace in RECORDED:
        return read_trace(TRACES / f"azure-llm-2023-{trace}-per-minute.csv", seed)
    return make_arrivals(Pattern(trace, PATTERNS[trace], DURATION_S, seed))


def run(task: tuple[str, tuple[float, float], int]) -> Cell:
    """One seed of one trace with one service time."""
    trace, (median_s, load_s), seed = task
    arrivals = arrivals_of(trace, seed)
    times = service_times(f"lognormal:{median_s},{SIGMA}").of(len(arrivals.at), seed)
    load = Load(arrivals.at, times, arrivals.end_s)
    terms = Terms(PoolOptions(load_s), MEDIANS * median_s, 1, MOST_WORKERS)
    found = compare(load, terms, (OWN, *PUBLISHED, FIXED, PERFECT))
    own = found.outcomes[0]
    late_changes = _late_changes(own)
    return Cell(trace, median_s, load_s, seed, load.end_s, found.scores, found.perfect_s, found.bound_s, late_changes)


def _late_changes(outcome: Outcome) -> int:
    """The most changes in ten minutes, once the beginning is over."""
    at = [change.at_s for change in outcome.changes if change.at_s >= STEADY_AFTER_S]
    return max((sum(first <= later < first + CALM_S for later in at) for first in at), default=0)


def row(cells: Sequence[Cell]) -> str:
    """All seeds of one trace with one service time."""
    first = cells[0]
    own = [cell.score(OWN) for cell in cells]
    best = [cell.best for cell in cells]
    names = "/".join(dict.fromkeys(score.name for score in best))
    cost = mean(a.worker_seconds / b.worker_seconds for a, b in zip(own, best, strict=True))
    verdicts = " ".join(cell.verdict + ("*" if cell.forbidden else "") for cell in cells)
    return (
        f"{first.trace:8}{1000 * first.median_s:6.0f} ms{first.load_s:4.0f} s"
        f"  {mean(cell.workers for cell in cells):6.2f} {mean(cell.score(PERFECT).inside for cell in cells):8.2%}"
        f" {mean(cell.perfect_s / cell.bound_s for cell in cells):6.2f}"
        f"  | {mean(s.over_perfect for s in own):6.2f} {mean(s.inside for s in own):8.2%}"
        f" {mean(s.changes for s in own):5.0f}"
        f"  | {names:14} {mean(s.over_perfect for s in best):6.2f} {mean(s.inside for s in best):8.2%}"
        f"  | {cost:5.2f}  {verdicts}"
    )


HEAD = (
    "                          perfect                 | servescope            | best published"
    "                   | cost of\n"
    "trace    median load   workers   inside ×bound  | ×perfect inside changes | policy        ×perfect   inside"
    "  | best   verdicts by seed"
)


def failures(cells: Sequence[Cell]) -> list[str]:
    """Which limits were passed."""
    found = []
    for cell in cells:
        own = cell.score(OWN)
        where = f"{cell.trace}, {1000 * cell.median_s:g} ms, seed {cell.seed}"
        if cell.verdict == "LOSE":
            found.append(f"{where}: worse than {cell.best.name} in both")
        if cell.trace == "steady" and cell.late_changes > 1:
            found.append(f"{where}: {cell.late_changes} changes in ten minutes of a steady load")
        if cell.trace == "conv":
            limit = OVER_LARGE if cell.workers >= LARGE else OVER_SMALL
            if own.over_perfect > limit or own.inside < GOOD:
                found.append(
                    f"{where}: {own.over_perfect:.2f} × perfect (limit {limit}) with {own.inside:.2%} inside (limit 99 %)"
                )
    return found


def main(argv: Sequence[str] | None = None) -> int:
    """Exit status: 0 within the limits, 1 beyond one of them."""
    parser = argparse.ArgumentParser(description="The autoscaler's policy against published ones, in virtual time.")
    parser.add_argument("--seeds", type=int, default=3, metavar="N", help="seeds of each trace (3)")
    parser.add_argument("--quick", action="store_true", help="one seed")
    parser.add_argument("--only", choices=NAMES, nargs="+", default=NAMES, help="some of the traces")
    parser.add_argument("--processes", type=int, metavar="N", help="how many to use (as many as there are processors)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all scores there")
    arguments = parser.parse_args(argv)
    seeds = range(1, 2 if arguments.quick else arguments.seeds + 1)
    tasks = list(product(arguments.only, SERVICES, seeds))
    print(HEAD)
    cells: list[Cell] = []
    with multiprocessing.Pool(arguments.processes) as pool:
        for cell in pool.imap(run, tasks):
            cells.append(cell)
            if len(cells) % len(seeds) == 0:
                print(row(cells[-len(seeds) :]), flush=True)
    found = failures(cells)
    verdicts = [cell.verdict for cell in cells]
    print(", ".join(f"{verdicts.count(name)} {name}" for name in ("WIN", "win", "mid", "LOSE")))
    print("* no pool could cost 0.9 times the best published policy's and keep its requests: see the perfect pool")
    print("\n".join(found))
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(cell) for cell in cells], indent=2) + "\n")
    return 1 if found else 0


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        sys.exit(main())
