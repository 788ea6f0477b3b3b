"""The front end's view of what a worker has added up: what came to each series since it was last asked.

In: a worker's shared memory (`records`), which it may be writing at this moment or have died in the midst of. Out: `MetricUpdate`s.
Everything in the memory only grows, so what is told is a difference: each write is told once, however often it is asked and however
the worker ends.
"""

import math
import mmap
from collections.abc import Iterator

from servescope.wire.measured.distribution import Distribution
from servescope.wire.measured.memory import DROPPED, POLLED
from servescope.wire.measured.native import A_DOUBLING
from servescope.wire.measured.records import AT, COUNTS, SUM, VALUE, WRITES, ZERO, NativeHead, RecordReader, SeriesHead
from servescope.wire.measured.update import DROPPED as DROPPED_KIND
from servescope.wire.measured.update import OTHER, ROOM, MetricUpdate

# Updates that are read without a pause: to show so many histograms takes a loop some 2 ms.
A_PART = 50
# How often a histogram that is being written is looked at again.
_TRIES = 5


class _Series:
    """One series: where its cells are, and what has been told of them. `natives`: its records of native buckets."""

    def __init__(self, head: SeriesHead, first: int) -> None:
        self.head = head
        self.first = first
        self.end = first + head.cells
        self.told = [0.0] * head.cells
        self.natives: list[_Native] = []

    def update(self, value: float, writes: float, order: float = 0.0, more: Distribution | None = None) -> MetricUpdate:
        """What is to be told."""
        head = self.head
        names, values = head.dimensions, head.values
        return MetricUpdate(
            head.kind, head.name, head.unit, names, values, value, "", 0.0, int(writes), head.folded, more, order
        )


class _Native:
    """The native buckets of one doubling."""

    def __init__(self, head: NativeHead, first: int) -> None:
        self.head = head
        self.first = first
        self.told = [0.0] * A_DOUBLING


class FoldedReader:
    """Reads one worker's memory; for one thread. Memory in which something else was written raises whatever it may."""

    def __init__(self, memory: mmap.mmap) -> None:
        self._records = RecordReader(memory)
        self._cells = self._records.cells
        self._series: dict[int, _Series] = {}
        self._dropped = 0.0
        self._seen = b""  # all of it, at the beginning of the last reading

    @property
    def polled_s(self) -> float:
        """Seconds that the worker has polled for batches."""
        return self._cells[POLLED]

    def ask(self) -> None:
        """Nobody need be: what was written is here."""

    def take(self, *, final: bool = False, most: int | None = None) -> list[MetricUpdate]:
        """What was written since the last call, at most an update a series, and one of kind DROPPED for what found no room.

        `final`: the worker has gone; else a histogram that is in the midst of being written is left for the next time. `most` is of
        no use here: there are never more than series.
        """
        del most
        return [update for part in self.parts(final=final) for update in part]

    def parts(self, *, final: bool = False) -> Iterator[list[MetricUpdate]]:
        """As `take`, A_PART of them at a time; in between, anybody may take."""
        now = self._records.copy()
        if now == self._seen and not final:
            return  # a comparison of bytes, where a look at thousands of series would take milliseconds
        self._seen = now
        self._learn()
        found = []
        for series in list(self._series.values()):
            observed = series.head.kind == "histogram"
            update = self._observed(series, final) if observed else self._written(series)
            if update is not None:
                found.append(update)
            if len(found) >= A_PART:
                yield found
                found = []
        dropped = self._cells[DROPPED]
        if dropped > self._dropped:
            found.append(MetricUpdate(DROPPED_KIND, OTHER, ROOM, [], [], dropped - self._dropped, ""))
            self._dropped = dropped
        yield found

    def _learn(self) -> None:
        for head, first in self._records.new():
            if isinstance(head, SeriesHead):
                self._series[first] = _Series(head, first)
            elif (series := self._series.get(head.series)) is not None:
                series.natives.append(_Native(head, first))

    def _written(self, series: _Series) -> MetricUpdate | None:
        """Of a counter or a gauge."""
        told, now = series.told, list(self._cells[series.first : series.end])
        # A gauge's value may be NaN, which equals nothing; each write of one has a time of its own, or another count.
        if (
            now[WRITES] == told[WRITES]
            and now[-1] == told[-1]
            and (now[VALUE] == told[VALUE] or math.isnan(now[VALUE]))
        ):
            return None
        series.told = now
        writes = now[WRITES] - told[WRITES]
        if series.head.kind == "gauge":
            return series.update(now[VALUE], writes, now[AT])
        return series.update(now[SUM] - told[SUM], writes)

    def _observed(self, series: _Series, final: bool) -> MetricUpdate | None:
        """Of a histogram."""
        if not final and self._cells[series.first] == series.told[WRITES]:
            return None
        if (read := self._settled(series, final)) is None or read[0] == series.told:
            return None
        now, natives = read
        more = [int(new - old) for old, new in zip(series.told, now, strict=True)]
        positive: dict[int, int] = {}
        negative: dict[int, int] = {}
        for native, counts in zip(series.natives, natives, strict=True):
            into = negative if native.head.negative else positive
            for index, (old, new) in enumerate(zip(native.told, counts, strict=True), native.head.first):
                if new != old:
                    into[index] = int(new - old)
            native.told = counts
        total = now[SUM] - series.told[SUM]
        series.told = now
        _drop_half_written(sum(more[COUNTS:]) - more[ZERO], positive, negative)
        bounds = tuple(series.head.bounds)
        distribution = Distribution(bounds, tuple(more[COUNTS:]), total, more[ZERO], positive, negative)
        return series.update(total, sum(more[COUNTS:]), more=distribution)

    def _settled(self, series: _Series, final: bool) -> tuple[list[float], list[list[float]]] | None:
        """A histogram's cells and those of its native buckets, all of one moment; None while it is written all the time."""
        cells = self._cells
        for _ in range(_TRIES):
            now = list(cells[series.first : series.end])
            natives = [list(cells[one.first : one.first + A_DOUBLING]) for one in series.natives]
            if final or (now[WRITES] == cells[series.first] and now[WRITES] % 1.0 == 0.0 and self._records.complete):
                return now, natives
            self._learn()
        self._seen = b""  # to look again, also where it is never written again
        return None


def _drop_half_written(count: int, positive: dict[int, int], negative: dict[int, int]) -> None:
    """A worker that was killed may have counted its last observation by native buckets alone: have them say `count` too."""
    for counts in (positive, negative):
        while counts and sum(positive.values()) + sum(negative.values()) > count:
            index = next(reversed(counts))
            counts[index] -= 1
            if not counts[index]:
                del counts[index]
