"""Native histograms: counts in buckets whose bounds all observers share, 2.2 % wide, so quantiles are good to that.

In: sorted values that `histogram` folds. Out: counts by bucket index, which the protobuf exposition writes. The buckets
are those of Prometheus' schema 5: bucket i holds the values v with 2**((i-1)/32) < v <= 2**(i/32), bucket i of the
negative side the same of -v, and the zero bucket whatever is nearer to 0 than the threshold.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from itertools import repeat

SCHEMA = 5
# Buckets that a factor of 2 is divided into.
_A_DOUBLING = 1 << SCHEMA
# Values v with |v| <= this are zero; the default of Prometheus' Go client.
ZERO_THRESHOLD = 2.0**-128
# The bucket of infinity: the one after that of the largest finite float, as the Go client has it.
_INFINITY = 1024 * _A_DOUBLING + 1
# From so many values in one doubling on, looking bounds up among the values is quicker than the other way round.
_MANY = 24


class NativeCounts:
    """Observations by native bucket. `positive` and `negative` map a bucket's index to its count, not cumulative."""

    __slots__ = ("negative", "positive", "zero")

    def __init__(self, zero: int = 0) -> None:
        self.zero = zero
        self.positive: dict[int, int] = {}
        self.negative: dict[int, int] = {}

    def copy(self) -> "NativeCounts":
        """Another one with the same counts."""
        twin = NativeCounts(self.zero)
        twin.positive, twin.negative = dict(self.positive), dict(self.negative)
        return twin

    def add(self, value: float) -> None:
        """Count one value, which must not be NaN."""
        size = abs(value)
        if size <= ZERO_THRESHOLD:
            self.zero += 1
            return
        counts = self.positive if value > 0.0 else self.negative
        index = _INFINITY
        if size != math.inf:
            exponent = math.frexp(size)[1] - 1
            index = exponent * _A_DOUBLING + bisect_left(bounds_above(exponent), size)
        counts[index] = counts.get(index, 0) + 1

    def fold(self, values: list[float]) -> None:
        """Count these values, which must be in ascending order and none NaN."""
        below = bisect_left(values, -ZERO_THRESHOLD)
        above = bisect_right(values, ZERO_THRESHOLD)
        self.zero += above - below
        if below:
            _fold_positive([-value for value in reversed(values[:below])], self.negative)
        _fold_positive(values[above:] if above else values, self.positive)


@lru_cache(maxsize=512)
def bounds_above(exponent: int) -> tuple[float, ...]:
    """The bucket bounds from 2**exponent to twice that, both included; one that is too large for a float is infinite."""
    steps = (*_steps(), 2.0 if exponent < 1023 else math.inf)
    return tuple(math.ldexp(step, exponent) for step in steps)


@lru_cache(maxsize=1)
def _steps() -> tuple[float, ...]:
    """For each bucket bound from 1 to 2, the latter excluded, the largest float that is not above it.

    Being exact is possible and cheap here: step**32 is compared with 2**i in whole numbers. Prometheus' own table has
    errors in the last digit, which no query can tell.
    """
    return tuple(_root(index) for index in range(_A_DOUBLING))


def _root(index: int) -> float:
    """The largest float whose 32nd power is at most 2**index."""
    root = math.pow(2.0, index / _A_DOUBLING)
    while Fraction(root) ** _A_DOUBLING > 2**index:
        root = math.nextafter(root, 0.0)
    while Fraction(above := math.nextafter(root, math.inf)) ** _A_DOUBLING <= 2**index:
        root = above
    return root


def _fold_positive(values: list[float], counts: dict[int, int]) -> None:
    start, end = 0, len(values)
    while start < end:
        if values[start] == math.inf:
            counts[_INFINITY] = counts.get(_INFINITY, 0) + end - start
            return
        exponent = math.frexp(values[start])[1] - 1
        bounds = bounds_above(exponent)
        stop = bisect_left(values, bounds[-1], start)
        base = exponent * _A_DOUBLING
        if stop - start < _MANY:
            for value in values[start:stop]:
                index = base + bisect_left(bounds, value)
                counts[index] = counts.get(index, 0) + 1
        else:
            _fold_doubling(values[start:stop], bounds, base, counts)
        start = stop


def _fold_doubling(values: list[float], bounds: Sequence[float], base: int, counts: dict[int, int]) -> None:
    """Count many values between the first and the last of these bounds, of which the first is that of bucket `base`."""
    first = bisect_left(bounds, values[0])
    last = bisect_left(bounds, values[-1])
    before = 0
    for index, so_far in enumerate(map(bisect_right, repeat(values), bounds[first : last + 1]), base + first):
        if so_far != before:
            counts[index] = counts.get(index, 0) + so_far - before
            before = so_far
