"""Histograms: a write is an append; the counting is done for many values at once, when they are many or are read.

In: observations of `recorder` and `custom`. Out: cumulative counts, sum, native counts and exemplars, which the renderers
in `exposition` read on the same thread. Made by `families`.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from copy import copy
from functools import lru_cache
from itertools import pairwise, repeat
from operator import add
from typing import NamedTuple

from servescope.metrics.instruments.native import NativeCounts
from servescope.wire.measured.distribution import Distribution
from servescope.wire.measured.native import ZERO_THRESHOLD

# Label name (`trace_id` or `request_id`), its value, seconds since the epoch.
Mark = tuple[str, str, float]
# A value and its mark.
Marked = tuple[float, str, str, float]
# Values that wait before they are counted. The more, the less a value costs, as many fall into one native bucket; but they
# take 32 bytes each, and all at once the loop's time: 0.1 ms for these.
MOST_PENDING = 512
# So many values are counted one by one: a scrape of models that are seldom used has one or two in each histogram.
FEW = 3


class Exemplar(NamedTuple):
    """One observation of a bucket: `value` in the family's unit, at `at` seconds since the epoch, of the request whose
    `label` (`trace_id` or `request_id`) is `id`.
    """

    label: str
    id: str
    value: float
    at: float


class Histogram:
    """Counts by upper bound and a sum, in the family's unit. `labels` as in `scalars.Counter`.

    Whatever is read counts the `pending` values first. That list stays the same one, so who observes very often may
    add to it without a call, and call `fold` now and then. `has_native`: whether there is a native form;
    there is none without bounds, that is, for a summary's series.
    """

    __slots__ = ("_cumulative", "_latest", "_native", "_sum", "bounds", "has_native", "labels", "pending")

    def __init__(self, labels: tuple[str, ...], bounds: tuple[float, ...]) -> None:
        self.labels = labels
        self.bounds = shared_bounds(bounds)
        self.pending: list[float] = []
        self._cumulative = _zeros(len(bounds) + 1)
        self._sum = 0.0
        self._latest: dict[int, Marked] | None = None
        self._native: NativeCounts | None = None
        self.has_native = bool(bounds)

    def observe(self, value: float) -> None:
        """Count one value, in the family's unit. Never raises; NaN is not counted."""
        pending = self.pending
        pending.append(value)
        if len(pending) >= MOST_PENDING:
            self.fold()

    def observe_marked(self, value: float, mark: Mark) -> None:
        """Count one value, and keep it with its mark as its bucket's exemplar."""
        self.mark(value, mark)
        self.observe(value)

    def mark(self, value: float, mark: Mark) -> None:
        """Keep a value with its mark as its bucket's exemplar; who calls counts it. NaN has no bucket."""
        if value == value:
            if self._latest is None:
                self._latest = {}
            self._latest[bisect_left(self.bounds, value)] = (value, *mark)

    def merge(self, more: Distribution) -> None:
        """Count what a worker has observed, in the family's unit."""
        if self.pending:
            self.fold()
        if self.has_native and (more.positive or more.negative or self._native is not None):
            native = self._native
            if native is None:
                native = self._native = NativeCounts(self._cumulative[-1])
            native.merge(more)
        self._cumulative = tuple(map(add, self._cumulative, more.counted_by(self.bounds)))
        self._sum += more.sum

    def relabelled(self, labels: tuple[str, ...]) -> "Histogram":
        """Another one with the same counts."""
        self.fold()
        twin = copy(self)
        twin.part(labels)
        return twin

    def part(self, labels: tuple[str, ...]) -> None:
        """As a copy of another one: have these labels, and for itself what the two have in common."""
        self.labels = labels
        self.pending = []
        self._latest = None if self._latest is None else dict(self._latest)
        self._native = None if self._native is None else self._native.copy()

    def rebound(self, bounds: tuple[float, ...]) -> None:
        """Have these bounds from now on. Of what was counted before it is only known between which of the old ones it lies: it
        counts as if it lay at the upper one, so every count up to an old bound stays what it was.

        Raises ValueError where an old bound is not among them, or they are not ascending.
        """
        cumulative, before = self.cumulative, self.bounds
        if not set(before) <= set(bounds):
            raise ValueError(f"bounds {before} cannot become {bounds}: some would be lost")
        self.bounds = shared_bounds(bounds)
        up_to = (0, *cumulative)
        self._cumulative = (*[up_to[bisect_right(before, bound)] for bound in self.bounds], cumulative[-1])
        if self._latest:
            self._latest = {bisect_left(self.bounds, marked[0]): marked for marked in self._latest.values()}

    def preset(self, cumulative: Sequence[float], total: float) -> None:
        """Show these counts, of values up to each bound and of all, and this sum, which somebody else has counted, instead of
        everything before. There is no native form from now on.

        Raises ValueError where the number of counts is wrong.
        """
        if len(cumulative) != len(self.bounds) + 1:
            raise ValueError(f"{len(self.bounds)} bounds take {len(self.bounds) + 1} counts, not {len(cumulative)}")
        self.pending.clear()
        self._cumulative = tuple(map(int, cumulative))
        self._sum = total
        self._latest = self._native = None
        self.has_native = False

    @property
    def cumulative(self) -> tuple[int, ...]:
        """How many values were at most each bound, and how many there were."""
        if self.pending:
            self.fold()
        return self._cumulative

    @property
    def counts(self) -> list[int]:
        """`counts[i]` are the values in (bounds[i-1], bounds[i]], the last one above all."""
        return [more - less for less, more in pairwise((0, *self.cumulative))]

    @property
    def count(self) -> int:
        """How many values there were."""
        return self.cumulative[-1]

    @property
    def sum(self) -> float:
        """The values' sum."""
        if self.pending:
            self.fold()
        return self._sum

    @property
    def native(self) -> NativeCounts | None:
        """The native form. None until something is observed, and where there never is one (`has_native` is false): a
        summary's series, and numbers that somebody else counted.
        """
        if self.pending:
            self.fold()
        if self._native is None and self.has_native and self._cumulative[-1]:
            return NativeCounts(self._cumulative[-1])  # nothing but zeros until now
        return self._native

    @property
    def exemplars(self) -> dict[int, Exemplar]:
        """The latest marked observation by bucket, an index into `counts`; empty where none was marked."""
        found = self._latest or {}
        return {index: Exemplar(label, name, value, at) for index, (value, label, name, at) in found.items()}

    def fold(self) -> None:
        """Count the pending values."""
        if len(self.pending) <= FEW:
            self._fold_few()
            return
        values = self.pending.copy()
        self.pending.clear()
        total = sum(values)
        if type(total) is int:
            values = list(map(float, values))  # sizes; a float compares with an int five times slower than with a float
        if total != total:  # some are NaN, or infinities of both signs
            values = [value for value in values if value == value]
            total = sum(values)
        if not values:
            return
        values.sort()
        if self.has_native and (native := self._native_for(values)) is not None:
            native.fold(values)
        more = map(bisect_right, repeat(values), (*self.bounds, math.inf))
        self._cumulative = tuple(map(add, self._cumulative, more))
        self._sum += total

    def _fold_few(self) -> None:
        """Count the pending values one by one."""
        values = self.pending.copy()
        self.pending.clear()
        for given in values:
            value = given + 0.0  # a float of an int
            if value != value:
                continue
            if self.has_native and (native := self._native_for((value,))) is not None:
                native.add(value)
            cumulative, index = self._cumulative, bisect_left(self.bounds, value)
            self._cumulative = cumulative[:index] + tuple([count + 1 for count in cumulative[index:]])
            self._sum += value

    def _native_for(self, values: Sequence[float]) -> NativeCounts | None:
        """The native counts that these values go to; None where all that there ever was is zero."""
        if self._native is None:
            if max(values) <= ZERO_THRESHOLD and min(values) >= -ZERO_THRESHOLD:
                return None  # a stage that a model does not have is 0 for all its requests, and takes no memory here
            self._native = NativeCounts(self._cumulative[-1])
        return self._native


@lru_cache(maxsize=1024)
def shared_bounds(bounds: tuple[float, ...]) -> tuple[float, ...]:
    """These bounds as floats, one tuple for all histograms that have them.

    Raises ValueError where they are not finite and ascending.
    """
    if not all(map(math.isfinite, bounds)) or any(lower >= upper for lower, upper in pairwise(bounds)):
        raise ValueError(f"a histogram's bounds must be finite and ascending, not {bounds}")
    return tuple([bound + 0.0 for bound in bounds])  # neither an int nor -0.0


@lru_cache(maxsize=256)
def _zeros(number: int) -> tuple[int, ...]:
    """One tuple for all histograms that have counted nothing."""
    return (0,) * number
