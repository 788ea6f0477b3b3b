"""The series that the collectors fill: in, readings; out, gauges and counters of the registry.

Called by `sampler`, on its thread, which alone writes these families.
"""

from collections.abc import Iterable

from msgspec import Struct

from servescope.metrics.collectors.reading import Reading
from servescope.metrics.definitions import BY_NAME
from servescope.metrics.registry import Registry

SeriesKey = tuple[str, tuple[str, ...]]


class _Source(Struct):
    """What a counter's source said last, and what it had counted before it began anew."""

    last: float = 0.0
    before: float = 0.0


class SampledSeries:
    """Writes and drops series by family and label values."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._sources: dict[SeriesKey, _Source] = {}

    def write(self, reading: Reading) -> SeriesKey:
        """Set the series to the reading. A counter whose source went back (a driver was loaded anew) counts on.

        Raises KeyError where nothing declares the family, ValueError where its labels are others.
        """
        value = float(reading.value)
        key = (reading.family, reading.labels)
        if BY_NAME[reading.family].kind == "counter":
            source = self._sources.setdefault(key, _Source())
            if value < source.last:
                source.before += source.last
            source.last = value
            self._registry.counter(reading.family).labels(*reading.labels).value = source.before + value
        else:
            self._registry.gauge(reading.family).labels(*reading.labels).value = value
        return key

    def drop(self, keys: Iterable[SeriesKey]) -> None:
        """Remove series that were not read this time: an old value would pass for a new one."""
        for family, labels in keys:
            if BY_NAME[family].kind == "counter":
                self._sources.pop((family, labels), None)
                self._registry.counter(family).remove(*labels)
            else:
                self._registry.gauge(family).remove(*labels)
