"""`context.metrics`: the custom metrics API that handlers call.

In: a handler's `add_counter`, `add_time`… and metrics.yaml's declarations, from the session. Out: `drain()`, the
updates that travel with the next reply; the registry itself lives in the front end. The methods, the default
dimensions and their order, and the unit names are TorchServe's (ts.metrics.metric_cache_abstract).
"""

from collections.abc import Callable, Mapping, Sequence

from servescope.wire.messages import MetricDeclaration, MetricUpdate
from servescope.worker.measuring.caching_metric import (
    CachingMetric,
    MetricsCacheKeyError,
    MetricsCacheTypeError,
    MetricsCacheValueError,
    MetricTypes,
    NamedValue,
    as_text,
)

UNIT_NAMES: Mapping[str, str] = {
    "ms": "Milliseconds",
    "s": "Seconds",
    "percent": "Percent",
    "count": "Count",
    "MB": "Megabytes",
    "GB": "Gigabytes",
    "kB": "Kilobytes",
    "B": "Bytes",
    "": "unit",
}
"""Unit as a handler writes it → as metrics show it. One that is not here is kept as given."""

TIME_UNITS = ("ms", "s")
SIZE_UNITS = ("MB", "kB", "GB", "B")


class CustomMetrics:
    """The metrics of one model in one worker.

    `declarations` are metrics.yaml's; with `auto_detect` off, nothing else is written. `request_id` gives the id for a
    request's index in the batch, or all ids, comma-separated, for None; without it a `Context` lends its own.
    """

    def __init__(
        self,
        model_name: str,
        declarations: Sequence[MetricDeclaration] = (),
        auto_detect: bool = True,
        request_id: Callable[[int | None], str] | None = None,
    ) -> None:
        self.model_name = model_name
        self.request_id = request_id
        self.cache: dict[MetricTypes, dict[str, CachingMetric]] = {}
        self._auto_detect = auto_detect
        self._declared = {(MetricTypes(one.kind), one.name) for one in declarations}
        self._updates: list[MetricUpdate] = []
        for one in declarations:
            self._store(one.name, one.unit, one.dimensions, MetricTypes(one.kind))

    @property
    def request_ids(self) -> str:
        """The ids of the requests in hand, comma-separated; "" outside a batch."""
        return self._id_of(None)

    def add_metric(
        self,
        name: str,
        value: float,
        unit: str,
        idx: int | None = None,
        dimensions: Sequence[NamedValue] | None = None,
        metric_type: MetricTypes = MetricTypes.COUNTER,
    ) -> None:
        """Write `value`, in `unit`, to the metric `name`, made on first use; `idx` is the request's place in the batch.

        The dimensions ModelName and Level=Model are appended where the handler did not give them, and did not make the
        metric without them. Without a unit it is the metric's.
        """
        named = {"ModelName": self.model_name, "Level": "Model"}
        self._write(name, value, unit, idx, dimensions, named, metric_type)

    def add_counter(
        self, name: str, value: float, idx: int | None = None, dimensions: Sequence[NamedValue] | None = None
    ) -> None:
        """Add `value`, at least 0, to a counter: in the unit that it was declared with, else of unit Count."""
        known = self.cache.get(MetricTypes.COUNTER, {}).get(name)
        unit = known.unit if known is not None and known.declared else "count"
        self.add_metric(name, value, unit, idx, dimensions, MetricTypes.COUNTER)

    def add_time(
        self,
        name: str,
        value: float,
        idx: int | None = None,
        unit: str = "ms",
        dimensions: Sequence[NamedValue] | None = None,
        metric_type: MetricTypes = MetricTypes.GAUGE,
    ) -> None:
        """Write a duration in `unit`, ms or s.

        Raises:
            MetricsCacheValueError: another unit.
        """
        if unit not in TIME_UNITS:
            raise MetricsCacheValueError(f"Metric {name}: the unit of a time is one of {TIME_UNITS}, not {unit!r}")
        self.add_metric(name, value, unit, idx, dimensions, metric_type)

    def add_size(
        self,
        name: str,
        value: float,
        idx: int | None = None,
        unit: str = "MB",
        dimensions: Sequence[NamedValue] | None = None,
        metric_type: MetricTypes = MetricTypes.GAUGE,
    ) -> None:
        """Write a size in `unit`: MB, kB, GB or B.

        Raises:
            MetricsCacheValueError: another unit.
        """
        if unit not in SIZE_UNITS:
            raise MetricsCacheValueError(f"Metric {name}: the unit of a size is one of {SIZE_UNITS}, not {unit!r}")
        self.add_metric(name, value, unit, idx, dimensions, metric_type)

    def add_percent(
        self,
        name: str,
        value: float,
        idx: int | None = None,
        dimensions: Sequence[NamedValue] | None = None,
        metric_type: MetricTypes = MetricTypes.GAUGE,
    ) -> None:
        """Write a share, 0 to 100 by convention."""
        self.add_metric(name, value, "percent", idx, dimensions, metric_type)

    def add_error(self, name: str, value: float, dimensions: Sequence[NamedValue] | None = None) -> None:
        """Add `value` to a counter of errors, under Level=Error in place of the default dimensions."""
        self._write(name, value, "", None, dimensions, {"Level": "Error"}, MetricTypes.COUNTER)

    def add_metric_to_cache(
        self,
        metric_name: str,
        unit: str,
        dimension_names: Sequence[str] | None = None,
        metric_type: MetricTypes = MetricTypes.COUNTER,
    ) -> CachingMetric:
        """Declare a metric from the handler, in place of one of the same name and type; nothing is written yet.

        Raises:
            MetricsCacheTypeError: a name or unit that is no text, or a type that is no `MetricTypes`.
        """
        return self._make(metric_name, unit, dimension_names or (), metric_type, declared=True)

    def get_metric(self, metric_name: str, metric_type: MetricTypes = MetricTypes.COUNTER) -> CachingMetric:
        """The metric of that name and type.

        Raises:
            MetricsCacheKeyError: there is none.
        """
        metric = self.cache.get(metric_type, {}).get(metric_name)
        if metric is None:
            raise MetricsCacheKeyError(f"No metric named {metric_name!r} of type {metric_type}")
        return metric

    def drain(self) -> list[MetricUpdate]:
        """The writes since the last call, which are forgotten here. Handlers' threads may write meanwhile."""
        count = len(self._updates)
        if not count:
            return []
        taken = self._updates[:count]
        del self._updates[:count]
        return taken

    def fork(self) -> "CustomMetrics":
        """The same metrics and the same list of writes, for a context with request ids of its own."""
        twin = object.__new__(CustomMetrics)
        twin.__dict__.update(self.__dict__)
        twin.request_id = None
        return twin

    def _id_of(self, idx: int | None) -> str:
        return self.request_id(idx) if self.request_id is not None else ""

    def _write(
        self,
        name: str,
        value: float,
        unit: str,
        idx: int | None,
        dimensions: Sequence[NamedValue] | None,
        appended: Mapping[str, str],
        metric_type: MetricTypes,
    ) -> None:
        """Write by name, with those of the `appended` dimensions that the handler does not give and the metric has."""
        names: list[str] = []
        values: list[str] = []
        for one in dimensions or ():
            names.append(as_text(one.name))
            values.append(as_text(one.value))
        known = self.cache.get(metric_type, {}).get(name)
        for dimension, text in appended.items():
            if dimension not in names and (known is None or dimension in known.dimension_names):
                names.append(dimension)
                values.append(text)
        if known is None:
            known = self._make(name, unit, names, metric_type, declared=False)
        shown = UNIT_NAMES.get(given := as_text(unit), given) if unit else known.unit
        known.write(value, shown, names, values, self._id_of(idx))

    def _make(
        self, name: str, unit: str, dimension_names: Sequence[str], metric_type: MetricTypes, *, declared: bool
    ) -> CachingMetric:
        """A metric from the handler, checked."""
        for what, text in (("metric_name", name), ("unit", unit)):
            if not isinstance(text, str):
                raise MetricsCacheTypeError(f"{what} must be a str, not {text!r}")
        if not isinstance(metric_type, MetricTypes):
            raise MetricsCacheTypeError(f"Metric {name}: metric_type must be a MetricTypes, not {metric_type!r}")
        return self._store(name, UNIT_NAMES.get(unit, unit), dimension_names, metric_type, declared=declared)

    def _store(
        self, name: str, unit: str, dimension_names: Sequence[str], metric_type: MetricTypes, *, declared: bool = True
    ) -> CachingMetric:
        allowed = self._auto_detect or (metric_type, name) in self._declared
        write = self._updates.append if allowed else None
        metric = CachingMetric(name, unit, dimension_names, metric_type, write, declared=declared)
        self.cache.setdefault(metric_type, {})[name] = metric
        return metric
