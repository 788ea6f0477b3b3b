"""One family of handlers' own metrics, with the series of all workers that have it, kept from one scrape to the next.

In: series as workers tell them, each with its key: all label values, the server's before the handler's. Out: a family of
`instruments`. Used by `merging`. Objects that stay make a scrape of thousands of series a third as dear as new ones, and
leave the garbage collector nothing to walk through.
"""

import math
import sys
from collections.abc import Iterable, Iterator, Sequence
from operator import add, le
from typing import Any

from msgspec.structs import replace

from servescope.metrics.definitions import Definition, Kind
from servescope.metrics.instruments.escaping import label_name
from servescope.metrics.instruments.families import AnyFamily, HistogramFamily, make_family
from servescope.metrics.instruments.histogram import Histogram
from servescope.wire.exposed import ExposedSeries

BASE = ("model_name", "model_version", "worker")
_MOST_LABELS = 64
_STEP = 25  # series dropped between two chances to pause

Key = tuple[str, ...]


class _Row:
    """One series. `round`: the scrape that had it last. `uppers`: a histogram's bounds, with the infinite one."""

    __slots__ = ("round", "series", "uppers")

    def __init__(self, series: Any, uppers: tuple[float, ...]) -> None:
        self.round = 0
        self.series = series
        self.uppers = uppers


class MergedFamily:
    """See the module. `labels`: the handlers' names and what is shown for them, in the order of their values in a key.

    `round`: the number of the scrape that looks at it now, or did last.
    """

    def __init__(self, definition: Definition) -> None:
        self.kind: Kind = definition.kind
        self.family: AnyFamily = make_family(definition)
        self.labels: dict[str, str] = {}
        self.round = 0
        self._rows: dict[Key, _Row] = {}
        self._told = 0  # rows in this round

    def __len__(self) -> int:
        return len(self._rows)

    def begin(self, number: int) -> None:
        """Another scrape, with this number above 0, looks at it."""
        self.round = number
        self._told = 0

    def places(self, names: list[str]) -> list[int]:
        """Where in the handlers' part of a key the values of these labels stand. Raises ValueError where there would be too many
        labels, or one is there twice.
        """
        if len(set(names)) != len(names) or len({*names, *self.labels}) > _MOST_LABELS:
            raise ValueError(f"it has more than {_MOST_LABELS} labels, or one of them twice")
        if new := [name for name in names if name not in self.labels]:
            self._widen(new)
        order = list(self.labels)
        return [order.index(name) for name in names]

    def has(self, key: Key) -> bool:
        """Whether there is such a series already."""
        return key in self._rows

    def put(self, key: Key, told: ExposedSeries) -> None:
        """Show these numbers; what only grows is added to what this round has put there. Raises ValueError where they are none that
        the family's kind can have.
        """
        row = self._rows.get(key)
        again = row is not None and row.round == self.round
        if self.kind == "histogram":
            row = self._put_histogram(key, row, told, again=again)
        elif self.kind == "summary":
            row = self._put_summary(key, row, told, again=again)
        else:
            row = self._put_number(key, row, told.value, again=again)
        if not again:
            row.round = self.round
            self._told += 1

    def sweep(self, number: int) -> Iterator[None]:
        """Drop the series that the round of this number did not have, a few at a time."""
        if self.round != number:
            self.begin(number)
        if self._told == len(self._rows):
            return
        stale = [key for key, row in self._rows.items() if row.round != number]
        for count, key in enumerate(stale, 1):
            del self._rows[key]
            self.family.remove(*key)
            if not count % _STEP:
                yield

    def _put_number(self, key: Key, row: _Row | None, value: float, *, again: bool) -> _Row:
        counts = self.kind == "counter"
        if counts and not value >= 0:
            raise ValueError(f"a counter cannot be {value}")
        if row is None:
            row = self._rows[key] = _Row(self.family.labels(*key), ())
        row.series.value = row.series.value + value if counts and again else value
        return row

    def _put_summary(self, key: Key, row: _Row | None, told: ExposedSeries, *, again: bool) -> _Row:
        count, total = told.count, told.value
        if not 0 <= count < math.inf:
            raise ValueError(f"its count is {count}")
        if row is None:
            row = self._rows[key] = _Row(self.family.labels(*key), ())
        if again:
            count, total = count + row.series.count, total + row.series.sum
        row.series.preset((count,), total)
        return row

    def _put_histogram(self, key: Key, row: _Row | None, told: ExposedSeries, *, again: bool) -> _Row:
        uppers, counts = _cumulative(told, row.uppers if row is not None else ())
        total = told.value
        if row is None or row.uppers != uppers:
            if again:
                raise ValueError("its histograms have different bounds")
            row = self._bind(key, uppers)
        if again:
            counts, total = tuple(map(add, counts, row.series.cumulative)), total + row.series.sum
        row.series.preset(counts, total)
        return row

    def _bind(self, key: Key, uppers: tuple[float, ...]) -> _Row:
        """A histogram with these bounds, in place of one with others."""
        assert isinstance(self.family, HistogramFamily)
        bounds = uppers[:-1]
        if not self._rows:
            self.family.definition = replace(self.family.definition, buckets=bounds)
        self.family.remove(*key)
        row = _Row(self.family.labels(*key, bounds=bounds), uppers)
        before = self._rows.get(key)
        row.round = before.round if before is not None else 0
        self._rows[key] = row
        return row

    def _widen(self, names: Iterable[str]) -> None:
        """Add these labels, which the series so far have not. All objects are new, as a scrape may be writing the old ones."""
        for name in names:
            self.labels[name] = self._shown(name)
        definition = replace(self.family.definition, labels=(*BASE, *self.labels.values()))
        before, self._rows = self._rows, {}
        self.family = make_family(definition)
        for key, row in before.items():
            wide = key + ("",) * (len(definition.labels) - len(key))
            self._rows[wide] = new = _Row(_copied(self.family, wide, row.series), row.uppers)
            new.round = row.round

    def _shown(self, name: str) -> str:
        shown = label_name(name)
        taken = {*BASE, *self.labels.values(), *(("le",) if self.kind == "histogram" else ())}
        while shown in taken:
            shown = "exported_" + shown
        return shown


def _copied(family: AnyFamily, key: Key, series: Any) -> Any:
    """A series with this key and the numbers of another one."""
    if isinstance(family, HistogramFamily):
        made: Any = family.labels(*key, bounds=series.bounds)
    else:
        made = family.labels(*key)
    if isinstance(series, Histogram):
        made.preset(series.cumulative, series.sum)
    else:
        made.value = series.value
    return made


def _cumulative(told: ExposedSeries, known: tuple[float, ...]) -> tuple[tuple[float, ...], Sequence[float]]:
    """Upper bounds, the last one infinite, and cumulative counts. `known`: bounds that are right, if they are these. Raises
    ValueError where they are no histogram's.
    """
    counts: Sequence[float]
    uppers, counts = zip(*told.buckets, strict=True) if told.buckets else ((), ())
    if not known or uppers != known:
        uppers, counts = _sorted_buckets(told)
    growing = (0.0, *counts, sys.float_info.max)  # NaN is above and below nothing
    if not all(map(le, growing, growing[1:])):
        raise ValueError(f"its buckets do not grow: {told.buckets}")
    return uppers, counts


def _sorted_buckets(told: ExposedSeries) -> tuple[tuple[float, ...], Sequence[float]]:
    """The same of buckets in any order; the last one is +Inf's, told or not."""
    buckets = sorted(told.buckets)
    if not buckets or buckets[-1][0] != math.inf:
        buckets.append((math.inf, told.count))
    uppers, counts = zip(*buckets, strict=True)
    bounds = uppers[:-1]
    if not all(map(math.isfinite, bounds)) or len(set(bounds)) != len(bounds):
        raise ValueError(f"its bounds are no different numbers: {bounds}")
    return uppers, counts
