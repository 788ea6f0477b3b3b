"""Families: the series of one definition, by their label values.

In: label values of `recorder`, `custom`, `collectors.sampler` and pass-through data, which bind series here. Out: families
of series, which `registry` collects and `exposition` renders. A family's series are all written by one thread: the loop's,
or, for sampled families, the sampler's. Readers take `snapshot()`, one atomic call, so binding a series on one thread
never disturbs a render on the other.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import Generic, Protocol, TypeVar, cast

from msgspec.structs import replace

from servescope.metrics.definitions import Definition
from servescope.metrics.instruments.escaping import escape_label_value
from servescope.metrics.instruments.histogram import Histogram
from servescope.metrics.instruments.scalars import Counter, Gauge, ReadCounter, ReadGauge

Series = TypeVar("Series", Counter, Gauge, Histogram)
Scalar = TypeVar("Scalar", Counter, Gauge)


class Family(ABC, Generic[Series]):
    """The series of one definition, by their raw label values.

    `samples`: the lines of text exposition that all series take together.
    """

    def __init__(self, definition: Definition) -> None:
        self.definition = definition
        self.series: dict[tuple[str, ...], Series] = {}
        self.samples = 0

    @abstractmethod
    def _make(self, labels: tuple[str, ...]) -> Series:
        """A new series with these escaped label values."""

    def _lines(self, _series: Series, /) -> int:
        """Lines of exposition that one series takes."""
        return 1

    def labels(self, *values: str) -> Series:
        """The series with these label values, in the order of its writers (`Definition.order`); made, at zero, on first use.

        Bind it once and keep it. Raises ValueError where the number of values is not the number of labels.
        """
        found = self.series.get(values)
        return found if found is not None else self._put(values, self._make(self._escaped(values)))

    def _put(self, values: tuple[str, ...], series: Series) -> Series:
        """Show this series under these raw label values, instead of one that was there."""
        before = self.series.get(values)
        self.series[values] = series
        self.samples += self._lines(series) - (self._lines(before) if before is not None else 0)
        return series

    def _escaped(self, values: tuple[str, ...]) -> tuple[str, ...]:
        if len(values) != len(self.definition.labels):
            raise ValueError(f"{self.definition.name} has labels {self.definition.labels}, got values {values}")
        values = self.definition.shown(values)
        escaped = tuple(map(escape_label_value, values))
        return values if escaped == values else escaped  # one tuple, not two, for nearly every series

    def remove(self, *values: str) -> None:
        """Drop the series with these values, if there is one."""
        dropped = self.series.pop(values, None)
        if dropped is not None:
            self.samples -= self._lines(dropped)

    def widen(self, names: Sequence[str]) -> None:
        """Have these labels too, before the last one; the series so far have "" there, which is to Prometheus as if they had no
        such label. All series are new objects, as a scrape may be showing the old ones: who wrote to those binds anew.
        """
        empty = ("",) * len(names)
        *labels, last = self.definition.labels
        self.definition = replace(self.definition, labels=(*labels, *names, last))
        before, self.series = self.series, {}
        for values, series in before.items():
            key: tuple[str, ...] = values[:-1] + empty + values[-1:]
            self.series[key] = series.relabelled(self._escaped(key))

    def snapshot(self) -> list[Series]:
        """The series of this moment: one call into C, so atomic while another thread binds."""
        return list(self.series.values())

    def collect(self) -> Iterator["AnyFamily"]:
        """Itself: a family is a collectable of one."""
        yield cast("AnyFamily", self)


class ScalarFamily(Family[Scalar], Generic[Scalar]):
    """Series of one number each, set or read at scrape time."""

    @abstractmethod
    def _make_read(self, labels: tuple[str, ...], read: Callable[[], float]) -> Scalar:
        """A new series with these escaped label values that asks `read`."""

    def read(self, read: Callable[[], float], *values: str) -> None:
        """Let `read` give the value of the series with these label values at each scrape; replaces one that was
        there.
        """
        self._put(values, self._make_read(self._escaped(values), read))


class CounterFamily(ScalarFamily[Counter]):
    """Counters of one name."""

    def _make(self, labels: tuple[str, ...]) -> Counter:
        return Counter(labels)

    def _make_read(self, labels: tuple[str, ...], read: Callable[[], float]) -> Counter:
        return ReadCounter(labels, read)


class GaugeFamily(ScalarFamily[Gauge]):
    """Gauges of one name."""

    def _make(self, labels: tuple[str, ...]) -> Gauge:
        return Gauge(labels)

    def _make_read(self, labels: tuple[str, ...], read: Callable[[], float]) -> Gauge:
        return ReadGauge(labels, read)


class UnknownFamily(ScalarFamily[Gauge]):
    """Numbers of one name of which nobody said whether they only grow."""

    def _make(self, labels: tuple[str, ...]) -> Gauge:
        return Gauge(labels)

    def _make_read(self, labels: tuple[str, ...], read: Callable[[], float]) -> Gauge:
        return ReadGauge(labels, read)


class HistogramFamily(Family[Histogram]):
    """Histograms of one name. Their bounds are the definition's, but a series may have its own."""

    def _make(self, labels: tuple[str, ...]) -> Histogram:
        return Histogram(labels, self.definition.buckets)

    def _lines(self, series: Histogram, /) -> int:
        return len(series.bounds) + 3  # the bucket of +Inf, count and sum

    def labels(self, *values: str, bounds: tuple[float, ...] | None = None) -> Histogram:
        """The series with these label values; made, at zero, on first use, with `bounds` in the definition's unit, or
        the definition's. A series that is there keeps the bounds that it has.

        Raises ValueError where the number of values is wrong, or `bounds` are not finite and ascending.
        """
        found = self.series.get(values)
        if found is not None:
            return found
        return self._put(
            values, Histogram(self._escaped(values), self.definition.buckets if bounds is None else bounds)
        )

    def rebound(self, bounds: tuple[float, ...], *values: str) -> None:
        """Let the series with these label values have these bounds, which all of its own must be among."""
        series = self.series[values]
        before = self._lines(series)
        series.rebound(bounds)
        self.samples += self._lines(series) - before


class SummaryFamily(Family[Histogram]):
    """Counts and sums of one name, without quantiles: histograms without bounds."""

    def _make(self, labels: tuple[str, ...]) -> Histogram:
        return Histogram(labels, ())

    def _lines(self, _series: Histogram, /) -> int:
        return 2


AnyFamily = CounterFamily | GaugeFamily | UnknownFamily | HistogramFamily | SummaryFamily


class Collectable(Protocol):
    """Whatever can be asked for families at scrape time: a family, a registry, a pass-through of somebody else's."""

    def collect(self) -> Iterator[AnyFamily]:
        """The families, in the order in which they are shown."""


def make_family(definition: Definition) -> AnyFamily:
    """An empty family of the definition's kind."""
    if definition.kind == "counter":
        return CounterFamily(definition)
    if definition.kind == "gauge":
        return GaugeFamily(definition)
    if definition.kind == "histogram":
        return HistogramFamily(definition)
    return SummaryFamily(definition) if definition.kind == "summary" else UnknownFamily(definition)
