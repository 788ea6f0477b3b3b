"""What a worker has observed in a histogram since it was last asked: counts, by its own bounds and by the native ones.

In: the numbers that `folded` reads. Out: the same for `metrics.instruments.histogram`, by whatever bounds that has. A front end
whose bounds are the worker's adds exact counts; for others the native buckets tell what lies where, to 2.2 %.
"""

import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from itertools import accumulate

from msgspec import Struct

from servescope.wire.measured.native import ZERO_THRESHOLD, index_of, middle_of

# Bounds that differ by so little, relatively, are one.
_SAME = 1e-14


class Distribution(Struct, frozen=True):
    """Observations, none of them infinite or NaN. `counts[i]` are those in (bounds[i-1], bounds[i]], the last above all.

    `zero`, `positive` and `negative` count the same once more, by native bucket (`native`); `sum` is in the bounds' unit.
    """

    bounds: tuple[float, ...]
    counts: tuple[int, ...]
    sum: float
    zero: int
    positive: Mapping[int, int]
    negative: Mapping[int, int]

    def counted_by(self, bounds: tuple[float, ...]) -> tuple[int, ...]:
        """How many were at most each of `bounds`, and how many there were: exact where a bound is one of its own."""
        own = tuple(accumulate(self.counts))
        if bounds == self.bounds:
            return own
        places = [bisect_left(self.bounds, bound) for bound in bounds]
        same = [self._at(place, bound) for place, bound in zip(places, bounds, strict=True)]
        middles, up_to = self._by_middle() if None in same else ((), ())
        found = []
        for bound, place, known in zip(bounds, places, same, strict=True):
            if known is not None:
                found.append(own[known])
            else:
                below = own[place - 1] if place else 0
                found.append(min(max(up_to[bisect_left(middles, bound)], below), own[place]))
        return (*found, own[-1])

    def _at(self, place: int, bound: float) -> int | None:
        """Which of its own bounds this one is, if any: the one at `place`, where it would stand, or the next one before it. After a
        conversion the two may differ in their last digit.
        """
        for near in (place, place - 1):
            if 0 <= near < len(self.bounds) and math.isclose(self.bounds[near], bound, rel_tol=_SAME):
                return near
        return None

    def _by_middle(self) -> tuple[Sequence[float], Sequence[int]]:
        """The native buckets' middles, ascending, and how many values there are before each of them, and in all."""
        counts = [(-middle_of(index), count) for index, count in self.negative.items()]
        counts += [(0.0, self.zero), *((middle_of(index), count) for index, count in self.positive.items())]
        counts.sort()
        return [middle for middle, _ in counts], [0, *accumulate(count for _, count in counts)]

    def scaled(self, factor: float) -> "Distribution":
        """The same in a unit that is 1/factor of this one's. A bucket goes where its middle goes."""
        if factor == 1.0:
            return self
        return Distribution(
            tuple([bound * factor for bound in self.bounds]),
            self.counts,
            self.sum * factor,
            self.zero,
            _moved(self.positive, factor),
            _moved(self.negative, factor),
        )


def _moved(counts: Mapping[int, int], factor: float) -> dict[int, int]:
    moved: dict[int, int] = {}
    for index, count in counts.items():
        there = index_of(max(middle_of(index) * factor, ZERO_THRESHOLD))
        moved[there] = moved.get(there, 0) + count
    return moved
