"""Writes of a handler, added up in the memory that the front end reads: one entry a series, however often it is written.

In: writes of `caching_metric`, from any thread. Out: numbers in shared memory (`wire.measured.records`), which a crash does not
take. The same dimensions in another order are the same series. A metric has at most so many series; what is written to others goes
to one whose values are "other", and of so many metrics the further ones are dropped and counted.
"""

import mmap
import threading
import time
from collections.abc import Callable
from typing import Any

from servescope.wire.measured.memory import DROPPED
from servescope.wire.measured.names import metric_name
from servescope.wire.measured.records import NativeHead, Records, SeriesHead
from servescope.wire.measured.update import DROPPED as DROPPED_KIND
from servescope.wire.measured.update import OTHER, ROOM
from servescope.wire.messages import Measuring
from servescope.worker.measuring.complaints import Refused
from servescope.worker.measuring.entries import CounterEntry, GaugeEntry, HistogramEntry, Place
from servescope.worker.measuring.sink import Entry, Left, Sink, Texts

# The values that are kept where a series is folded: those that the server itself would give.
_LEVELS = ("Model", "Host", "Error")
# Ways to name a series that are remembered: its dimensions in one order and in another are two.
_MOST_KEYS = 50_000
_Key = tuple[str, str, str, Texts, Texts]


class Folding(Sink):
    """The writes of one worker, added up in `memory`. `clock`: seconds, by the machine's monotonic clock."""

    def __init__(
        self, memory: mmap.mmap, model_name: str, measuring: Measuring, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._records = Records(memory)
        # Reentrant: what a signal or the garbage collector runs in between may write as well.
        self._place = Place(self._records.cells, threading.RLock(), clock)
        self._model_name = model_name
        self._measuring = measuring
        self._known: dict[_Key, Entry] = {}
        self._entries: dict[tuple[Any, ...], Entry] = {}
        self._of_shape: dict[tuple[Any, ...], int] = {}
        self._of_metric: dict[tuple[str, str], int] = {}
        self._of_dropped: dict[tuple[str, str], int] = {}

    def entry(self, kind: str, name: str, unit: str, names: Texts, values: Texts) -> Entry:
        """See `Sink`."""
        key = (kind, name, unit, names, values)
        found = self._known.get(key)
        if found is None:
            with self._place.lock:
                found = self._find(key)
        return found

    def leave(self) -> None:
        """See `Sink`. A lock that another thread of the parent's had at the fork would never be let go of here."""
        self._place.lock = Left()

    def _find(self, key: _Key) -> Entry:
        """The entry of a series that is new, or named in another order than before."""
        kind, name, unit, names, values = key
        pairs = sorted(zip(names, values, strict=True))
        shape = (kind, name, unit, tuple([label for label, _ in pairs]))
        series = (*shape, tuple([value for _, value in pairs]))
        entry = self._entries.get(series)
        if entry is None:
            count = self._of_shape.get(shape, 0)
            if not count and not self._admits(kind, name):
                return self._find((kind, OTHER, unit, names, values))
            if count >= self._measuring.series:
                return self._folded(shape, key)
            made = self._make(key)
            entry = self._entries.setdefault(series, made)  # a signal's handler may have made it meanwhile
            if entry is made:
                self._count(shape)
        if len(self._known) < _MOST_KEYS:
            self._known[key] = entry
        return entry

    def _admits(self, kind: str, name: str) -> bool:
        """Whether a metric may be written in one more shape, a unit and names of dimensions: not, where another one is to take it.

        Raises:
            Refused: there are too many, and no other.
        """
        most, dropped = self._measuring.series, kind == DROPPED_KIND
        counts = self._shapes(kind)
        count = counts.get((kind, name), 0)
        if not count and len(counts) >= most and name != OTHER:
            if dropped:
                return False
            raise self._no_room(f"there are {most} metrics already")
        if count >= most:
            raise self._no_room(f"it is written in {most} units and sets of dimensions already")
        return True

    def _count(self, shape: tuple[Any, ...]) -> None:
        """One series more in this shape."""
        kind, name, *_ = shape
        before = self._of_shape.get(shape, 0)
        self._of_shape[shape] = before + 1
        if not before:
            counts = self._shapes(kind)
            counts[kind, name] = counts.get((kind, name), 0) + 1

    def _shapes(self, kind: str) -> dict[tuple[str, str], int]:
        """In how many shapes there is each metric."""
        return self._of_dropped if kind == DROPPED_KIND else self._of_metric

    def _folded(self, shape: tuple[Any, ...], key: _Key) -> Entry:
        """The entry for all series of a metric that are too many."""
        kind, name, unit, names, values = key
        kept = tuple(map(self._fold, names, values))
        series = (*shape, tuple(sorted(zip(names, kept, strict=True))), OTHER)
        entry = self._entries.get(series)
        if entry is None:
            made = self._make((kind, name, unit, names, kept), folded=True)
            entry = self._entries.setdefault(series, made)
        return entry

    def _fold(self, dimension: str, value: str) -> str:
        mine = (dimension == "ModelName" and value == self._model_name) or (dimension == "Level" and value in _LEVELS)
        return value if mine else OTHER

    def _make(self, key: _Key, *, folded: bool = False) -> Entry:
        kind, name, unit, names, values = key
        bounds = self._bounds(name, unit) if kind == "histogram" else []
        first = self._append(SeriesHead(kind, name, unit, list(names), list(values), bounds, folded))
        if kind == "histogram":
            return HistogramEntry(self._place, first, bounds, lambda *place: self._append(NativeHead(*place)))
        return GaugeEntry(self._place, first) if kind == "gauge" else CounterEntry(self._place, first)

    def _append(self, head: SeriesHead | NativeHead) -> int:
        try:
            first = self._records.append(head)
        except ValueError as error:
            raise Refused(ROOM, "its name and dimensions are too long", str(error)) from None
        if first is None:
            raise self._no_room("the memory for measurements is full")
        return first

    def _no_room(self, why: str) -> Refused:
        """Counted here, as there may be no room to count it elsewhere."""
        self._place.cells[DROPPED] += 1.0
        return Refused("", why)

    def _bounds(self, name: str, unit: str) -> list[float]:
        """The upper bounds of a histogram's buckets, so that it can be shown exactly in whichever unit the front end has it."""
        measuring = self._measuring
        named = measuring.bounds_by_name.get(metric_name(name).lower())
        if named is None:
            return measuring.bounds_by_unit.get(unit.lower(), measuring.bounds)
        ways = measuring.conversions.get(unit.lower(), [(1.0, 1.0)])
        return sorted({bound * times / per for times, per in ways for bound in named})
