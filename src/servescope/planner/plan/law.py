"""What any count of workers could serve: in, points at some counts; out, a `Law`. Pure; called by `plan`.

Two things bend the line. Workers share processors, memory and a front end, so that each does less the more there are: the
Universal Scalability Law, fitted to what the workers could do if they were never idle (`ceiling`). And more workers behind one
queue may be fuller at the same objective, which M/M/c says (`theory.pooling`), calibrated at the measured points. The first
lowers the rate a worker, the second raises it; one law for both would take the one for the other.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from servescope.planner.objective import Objective
from servescope.planner.search.edge import Edge
from servescope.planner.theory.pooling import fullest, late_log

# A plan counts on the low end of the interval, but on no less of the rate than this.
LEAST_LOW = 0.25
_LARGEST = 8192
_GRID = tuple(10 ** (-step / 4) for step in range(25))


@dataclass(frozen=True)
class Point:
    """What was measured at a count of workers. `ceiling`: requests a second if they were never idle; None: not known."""

    workers: int
    edge: Edge
    ceiling: float | None


@dataclass(frozen=True)
class Law:
    """`alone`: requests a second of one worker that is never idle. `contention` and `coherence`: the law's α and β; both 0 from one
    point, as nothing is known of them then. `share`: the measured points' rates over what theory has, at most 1 by definition.

    `low` and `high`: the interval's ends over the rate.
    """

    alone: float
    contention: float
    coherence: float
    slack: float
    late: float
    low: float
    high: float
    measured: int

    def ceiling(self, workers: int) -> float:
        """Requests a second of workers that are never idle."""
        return _usl(workers, self.alone, self.contention, self.coherence)

    def rate(self, workers: int) -> float:
        """Requests a second within the objective."""
        return self.ceiling(workers) * fullest(workers, self.slack, self.late)

    @property
    def knee(self) -> int | None:
        """The count from which a further worker adds less than half of what the first did; None where that is not known, or far."""
        if not self.contention and not self.coherence:
            return None
        for workers in range(1, 1025):
            if self.ceiling(workers + 1) - self.ceiling(workers) < self.alone / 2:
                return workers
        return None

    def workers_for(self, rate: float, most: int = _LARGEST) -> int | None:
        """The fewest whose rate, at the low end of its interval, is so high; None where no count up to `most` has it."""
        low, high, most = 0, 1, min(most, self.peak)
        while self.rate(high) * self.low < rate:
            if high == most:
                return None
            low, high = high, min(2 * high, most)
        while high - low > 1:
            middle = (low + high) // 2
            if self.rate(middle) * self.low >= rate:
                high = middle
            else:
                low = middle
        return high

    @property
    def peak(self) -> int:
        """The count that serves most; beyond it workers only stand in each other's way."""
        if not self.coherence:
            return _LARGEST
        return max(1, round(math.sqrt(max(0.0, 1 - self.contention) / self.coherence)))


def fit_law(points: Sequence[Point], objective: Objective) -> Law:
    """By least squares of the relative differences, over a grid of α and β; from two points α alone, from three both."""
    tops = [(one.workers, one.ceiling or one.edge.rate) for one in points]
    contention, coherence = _bend(tops)
    shapes = [_usl(workers, 1.0, contention, coherence) for workers, _ in tops]
    alone = math.exp(math.fsum(math.log(top / shape) for (_, top), shape in zip(tops, shapes, strict=True)) / len(tops))
    slack = max(objective.limit_s * alone - 1, objective.limit_s * alone / 4)
    lates = [late_log(min(0.99, one.edge.rate / (one.ceiling or one.edge.rate)), one.workers, slack) for one in points]
    return Law(
        alone,
        contention,
        coherence,
        slack,
        math.fsum(lates) / len(lates),
        max(LEAST_LOW, math.fsum(one.edge.low / one.edge.rate for one in points) / len(points)),
        math.fsum(one.edge.high / one.edge.rate for one in points) / len(points),
        len({one.workers for one in points}),
    )


def _usl(workers: int, alone: float, contention: float, coherence: float) -> float:
    return alone * workers / (1 + contention * (workers - 1) + coherence * workers * (workers - 1))


def _bend(tops: Sequence[tuple[int, float]]) -> tuple[float, float]:
    counts = len({workers for workers, _ in tops})
    if counts < 2:
        return 0.0, 0.0
    contentions = (0.0, *_GRID)
    coherences = contentions if counts > 2 else (0.0,)
    return min(((a, b) for a in contentions for b in coherences), key=lambda bend: (_off(tops, *bend), sum(bend)))


def _off(tops: Sequence[tuple[int, float]], contention: float, coherence: float) -> float:
    logs = [math.log(top / _usl(workers, 1.0, contention, coherence)) for workers, top in tops]
    middle = math.fsum(logs) / len(logs)
    return round(math.fsum((one - middle) ** 2 for one in logs), 9)
