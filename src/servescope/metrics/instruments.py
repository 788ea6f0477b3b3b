"""Counters, gauges and histograms: slotted, bound to their label values once, written by plain attribute writes.

In: writes of `recorder`, `custom` and `collectors.sampler`. Out: families of series, which `registry` collects and
`exposition` renders. A family's series are all written by one thread: the loop's, or, for sampled families, the
sampler's. Readers take `snapshot()`, one atomic call, so binding a series on one thread never disturbs a render on
the other.
"""

import logging
import math
from abc import ABC, abstractmethod
from bisect import bisect_left
from collections.abc import Callable, Iterator
from typing import Generic, Protocol, TypeVar, cast

from servescope.metrics.definitions import Definition
from servescope.metrics.escaping import escape_label_value

logger = logging.getLogger(__name__)


class Counter:
    """A sum that only grows: `counter.value += x`, x ≥ 0. `labels` are its values, escaped for the text formats."""

    __slots__ = ("labels", "value")

    def __init__(self, labels: tuple[str, ...] = ()) -> None:
        self.labels = labels
        self.value = 0.0


class Gauge:
    """A value that goes up and down: `gauge.value = x`. `labels` as in `Counter`."""

    __slots__ = ("labels", "value")

    def __init__(self, labels: tuple[str, ...] = ()) -> None:
        self.labels = labels
        self.value = 0.0


class ReadGauge(Gauge):
    """A gauge whose value is asked for at scrape time. A reader that raises gives NaN, and is logged."""

    __slots__ = ("_read",)

    def __init__(self, labels: tuple[str, ...], read: Callable[[], float]) -> None:
        self.labels = labels
        self._read = read

    @property
    def value(self) -> float:  # type: ignore[override]
        """What the reader says now."""
        try:
            return float(self._read())
        except Exception:
            logger.warning("a gauge could not be read at scrape time; its value is NaN", exc_info=True)
            return math.nan


class Histogram:
    """Counts by upper bound and a sum. `counts[i]` are the observations in (bounds[i-1], bounds[i]], the last one
    above all.
    """

    __slots__ = ("bounds", "counts", "labels", "sum")

    def __init__(self, labels: tuple[str, ...], bounds: tuple[float, ...]) -> None:
        self.labels = labels
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.sum = 0.0

    def observe(self, value: float) -> None:
        """Count one value, in the family's unit; not NaN."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value


Series = TypeVar("Series", Counter, Gauge, Histogram)


class Family(ABC, Generic[Series]):
    """The series of one definition, by their raw label values."""

    def __init__(self, definition: Definition) -> None:
        self.definition = definition
        self.series: dict[tuple[str, ...], Series] = {}

    @abstractmethod
    def _make(self, labels: tuple[str, ...]) -> Series:
        """A new series with these escaped label values."""

    def labels(self, *values: str) -> Series:
        """The series with these label values, in the definition's order; made, at zero, on first use.

        Bind it once and keep it. Raises ValueError where the number of values is not the number of labels.
        """
        found = self.series.get(values)
        if found is not None:
            return found
        made = self._make(self._escaped(values))
        self.series[values] = made
        return made

    def _escaped(self, values: tuple[str, ...]) -> tuple[str, ...]:
        if len(values) != len(self.definition.labels):
            raise ValueError(f"{self.definition.name} has labels {self.definition.labels}, got values {values}")
        escaped = tuple(map(escape_label_value, values))
        return values if escaped == values else escaped  # one tuple, not two, for nearly every series

    def remove(self, *values: str) -> None:
        """Drop the series with these values, if there is one."""
        self.series.pop(values, None)

    def snapshot(self) -> list[Series]:
        """The series of this moment: one call into C, so atomic while another thread binds."""
        return list(self.series.values())

    @property
    def samples_a_series(self) -> int:
        """Lines of exposition that one series takes."""
        buckets = self.definition.buckets
        return len(buckets) + 3 if self.definition.kind == "histogram" else 1

    def collect(self) -> Iterator["AnyFamily"]:
        """Itself: a family is a collectable of one."""
        yield cast("AnyFamily", self)


class CounterFamily(Family[Counter]):
    """Counters of one name."""

    def _make(self, labels: tuple[str, ...]) -> Counter:
        return Counter(labels)


class GaugeFamily(Family[Gauge]):
    """Gauges of one name, set or read at scrape time."""

    def _make(self, labels: tuple[str, ...]) -> Gauge:
        return Gauge(labels)

    def read(self, read: Callable[[], float], *values: str) -> None:
        """Let `read` give the value of the series with these label values at each scrape; replaces one that was
        there.
        """
        self.series[values] = ReadGauge(self._escaped(values), read)


class HistogramFamily(Family[Histogram]):
    """Histograms of one name and the same bounds."""

    def _make(self, labels: tuple[str, ...]) -> Histogram:
        return Histogram(labels, self.definition.buckets)


AnyFamily = CounterFamily | GaugeFamily | HistogramFamily


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
    return HistogramFamily(definition)
