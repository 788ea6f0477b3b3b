"""Native histograms: counts in buckets whose bounds all observers share, 2.2 % wide, so quantiles are good to that.

In: sorted values that `histogram` folds. Out: counts by bucket index, which the protobuf exposition writes. The buckets
are those of `wire.measured.native`; the zero bucket holds whatever is nearer to 0 than the threshold.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import repeat

from servescope.wire.measured.distribution import Distribution
from servescope.wire.measured.native import A_DOUBLING, INFINITY, ZERO_THRESHOLD, bounds_above, index_of, middle_of

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

    def quantile(self, share: float) -> float:
        """What this share of the values kept to; 0 where there are none. None of them may be negative."""
        left = share * (self.zero + sum(self.positive.values())) - self.zero
        if left > 0:
            for index, count in sorted(self.positive.items()):
                left -= count
                if left <= 0:
                    return middle_of(index)
        return 0.0

    def add(self, value: float) -> None:
        """Count one value, which must not be NaN."""
        size = abs(value)
        if size <= ZERO_THRESHOLD:
            self.zero += 1
            return
        counts = self.positive if value > 0.0 else self.negative
        index = index_of(size)
        counts[index] = counts.get(index, 0) + 1

    def merge(self, more: Distribution) -> None:
        """Count what a worker has observed."""
        self.zero += more.zero
        for counts, found in ((self.positive, more.positive), (self.negative, more.negative)):
            for index, count in found.items():
                counts[index] = counts.get(index, 0) + count

    def fold(self, values: list[float]) -> None:
        """Count these values, which must be in ascending order and none NaN."""
        below = bisect_left(values, -ZERO_THRESHOLD)
        above = bisect_right(values, ZERO_THRESHOLD)
        self.zero += above - below
        if below:
            _fold_positive([-value for value in reversed(values[:below])], self.negative)
        _fold_positive(values[above:] if above else values, self.positive)


def _fold_positive(values: list[float], counts: dict[int, int]) -> None:
    start, end = 0, len(values)
    while start < end:
        if values[start] == math.inf:
            counts[INFINITY] = counts.get(INFINITY, 0) + end - start
            return
        exponent = math.frexp(values[start])[1] - 1
        bounds = bounds_above(exponent)
        stop = bisect_left(values, bounds[-1], start)
        base = exponent * A_DOUBLING
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
