"""The series of `folding`: how each kind of metric adds a write to its numbers in shared memory (`wire.measured.records`).

In: numbers that `arguments` has checked. All entries of a worker share a `Place`: the memory's cells, and the lock.
"""

import math
import sys
from bisect import bisect_left
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

from servescope.wire.measured.native import A_DOUBLING, ZERO_THRESHOLD, index_of
from servescope.wire.measured.records import AT, COUNTS, SUM, VALUE, WRITES, ZERO
from servescope.wire.measured.update import VALUE as BAD_VALUE
from servescope.worker.measuring.complaints import Refused


class Place:
    """Where entries write: `cells`, while they have `lock`. `clock`: seconds, monotonic."""

    __slots__ = ("cells", "clock", "lock")

    def __init__(
        self, cells: "memoryview[float]", lock: AbstractContextManager[Any], clock: Callable[[], float]
    ) -> None:
        self.cells = cells
        self.lock = lock
        self.clock = clock


class _Entry:
    """Where a series' numbers are. `first`: its first cell."""

    __slots__ = ("_first", "_place")

    def __init__(self, place: Place, first: int) -> None:
        self._place = place
        self._first = first


class CounterEntry(_Entry):
    """A counter."""

    __slots__ = ()

    def write(self, number: float, _request_id: str, /) -> None:
        """See `sink.Entry`."""
        place, first = self._place, self._first
        with place.lock:
            cells = place.cells
            total = cells[first + SUM] + number
            if total > sys.float_info.max:
                raise Refused(BAD_VALUE, "the sum of all would be infinite")
            cells[first + SUM] = total
            cells[first + WRITES] += 1.0


class GaugeEntry(_Entry):
    """A gauge."""

    __slots__ = ()

    def write(self, number: float, _request_id: str, /) -> None:
        """See `sink.Entry`."""
        place, first = self._place, self._first
        with place.lock:
            cells = place.cells
            cells[first + VALUE] = number
            cells[first + AT] = place.clock()
            cells[first + WRITES] += 1.0


class HistogramEntry(_Entry):
    """A histogram. `make` makes room for native buckets, by the first of them and whether they are of negative values."""

    __slots__ = ("_bounds", "_make", "_natives")

    def __init__(
        self, place: Place, first: int, bounds: Sequence[float], make: Callable[[int, int, bool], int]
    ) -> None:
        super().__init__(place, first)
        self._bounds = bounds
        self._make = make
        self._natives: dict[tuple[int, bool], int] = {}

    def write(self, number: float, _request_id: str, /) -> None:
        """See `sink.Entry`."""
        place, first = self._place, self._first
        with place.lock:
            cells = place.cells
            if not math.isfinite(cells[first + SUM] + number):
                raise Refused(BAD_VALUE, "the sum of all would be infinite")
            native, classic = self._native_cell(number), first + COUNTS + bisect_left(self._bounds, number)
            # No call from here on, in which a signal's handler could run and write to the same.
            cells[first + WRITES] += 0.5
            cells[native] += 1.0
            cells[first + SUM] += number
            cells[classic] += 1.0
            cells[first + WRITES] += 0.5

    def _native_cell(self, number: float) -> int:
        size = abs(number)
        if size <= ZERO_THRESHOLD:
            return self._first + ZERO
        block, step = divmod(index_of(size), A_DOUBLING)
        key = (block, number < 0.0)
        start = self._natives.get(key)
        if start is None:
            made = self._make(self._first, block * A_DOUBLING, number < 0.0)
            start = self._natives.setdefault(key, made)  # a signal's handler may have made it meanwhile
        return start + step
