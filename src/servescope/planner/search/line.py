"""A line through the logarithms of shares: in, rows of counts, and how steep it should be; out, a `Fit`. Pure; called by `edge`.

Weighted Poisson regression, by Newton's method. The counts scatter more than Poisson's, as late requests come in clumps, so its
variances are multiplied by how much more; the expected slope counts as an observation beside them.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

# How far the slope may be from the expected one, over it: one standard deviation.
_SLOPE_SPREAD = 0.25
_STEPS = 60
_STILL = 1e-9
_LONGEST_STEP = 2.0


@dataclass(frozen=True)
class Row:
    """At `x` so many of so many requests were late. `weight`: from 0 to 1, how much that matters."""

    x: float
    weight: float
    requests: int
    late: int


@dataclass(frozen=True)
class Fit:
    """log(late/requests) = height + slope·x; the variances of the two, and their covariance."""

    height: float
    slope: float
    vhh: float
    vhs: float
    vss: float


def fit(rows: Sequence[Row], steepness: float) -> Fit | None:
    """None where nothing is late. `steepness`: the expected slope, above 0."""
    late, total = sum(one.weight * one.late for one in rows), sum(one.weight * one.requests for one in rows)
    if late <= 0:
        return None
    start = _Line(math.log(late / total), steepness)
    scatter = _scatter(rows, _newton(rows, start, 1.0))
    line = _newton(rows, start, scatter)
    return _with_variances(rows, line, _scatter(rows, line))


@dataclass(frozen=True)
class _Line:
    """`expected`: the slope that theory has. The line goes through `height` at 0."""

    height: float
    expected: float
    slope: float | None = None

    def means(self, rows: Sequence[Row]) -> list[float]:
        """How many are expected to be late in each row."""
        return [one.requests * math.exp(min(0.0, self.height + self.rise * one.x)) for one in rows]

    @property
    def rise(self) -> float:
        """The slope, as far as it is known."""
        return self.expected if self.slope is None else self.slope


def _newton(rows: Sequence[Row], line: _Line, scatter: float) -> _Line:
    prior = scatter / (_SLOPE_SPREAD * line.expected) ** 2
    for _ in range(_STEPS):
        means = line.means(rows)
        i0, i1, i2 = _moments(rows, means, 1)
        i2 += prior
        over = i0 * i2 - i1 * i1
        missed = [one.weight * (one.late - mean) for one, mean in zip(rows, means, strict=True)]
        g0 = math.fsum(missed)
        g1 = math.fsum(gap * one.x for gap, one in zip(missed, rows, strict=True)) - prior * (line.rise - line.expected)
        up, turn = (i2 * g0 - i1 * g1) / over, (i0 * g1 - i1 * g0) / over
        step = min(1.0, _LONGEST_STEP / max(abs(up), abs(turn) * 0.3, _STILL))
        line = _Line(line.height + step * up, line.expected, line.rise + step * turn)
        if abs(up) + abs(turn) < _STILL:
            break
    return line


def _moments(rows: Sequence[Row], means: Sequence[float], power: int) -> tuple[float, float, float]:
    """Sums of the expected counts times 1, x and x², each weighted by a power of its weight."""
    weighted = [one.weight**power * mean for one, mean in zip(rows, means, strict=True)]
    first = math.fsum(m * one.x for m, one in zip(weighted, rows, strict=True))
    second = math.fsum(m * one.x**2 for m, one in zip(weighted, rows, strict=True))
    return math.fsum(weighted), first, second


def _with_variances(rows: Sequence[Row], line: _Line, scatter: float) -> Fit:
    """The sandwich: the inverse of the weighted information, around what the counts and the expected slope scatter."""
    means = line.means(rows)
    i0, i1, i2 = _moments(rows, means, 1)
    j0, j1, j2 = _moments(rows, means, 2)
    prior = scatter / (_SLOPE_SPREAD * line.expected) ** 2
    i2, j2 = i2 + prior, j2 + prior
    spread = scatter / (i0 * i2 - i1 * i1) ** 2
    return Fit(
        line.height,
        line.rise,
        spread * (i2 * i2 * j0 - 2 * i1 * i2 * j1 + i1 * i1 * j2),
        spread * (-i1 * i2 * j0 + (i0 * i2 + i1 * i1) * j1 - i0 * i1 * j2),
        spread * (i1 * i1 * j0 - 2 * i0 * i1 * j1 + i0 * i0 * j2),
    )


def _scatter(rows: Sequence[Row], line: _Line) -> float:
    """How many times as much as Poisson's the counts scatter; 1 at least."""
    means = line.means(rows)
    squares = math.fsum(one.weight * (one.late - m) ** 2 for one, m in zip(rows, means, strict=True))
    weight = math.fsum(one.weight for one in rows)
    expected = math.fsum(one.weight * m for one, m in zip(rows, means, strict=True))
    return max(1.0, squares / expected * weight / max(1.0, weight - 1))
