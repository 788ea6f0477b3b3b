"""`context.metrics`: the custom metrics API that handlers call.

In: a handler's `add_counter`, `add_time`… and metrics.yaml's declarations, from the session. Out: writes to a `Sink`, which the
front end reads; the registry itself lives there. The methods, the default dimensions and their order, and the unit names are
TorchServe's (ts.metrics.metric_cache_abstract). Unlike there no write raises: a measurement never fails a prediction.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from servescope.wire.measured.update import VALUE
from servescope.wire.messages import MetricDeclaration
from servescope.worker.measuring.arguments import (
    MetricTypes,
    NamedValue,
    as_kind,
    as_name,
    as_number,
    as_text,
    named,
    shown_unit,
    texts,
)
from servescope.worker.measuring.caching_metric import CachingMetric, MetricsCacheKeyError
from servescope.worker.measuring.complaints import Complaints, Refused, shown
from servescope.worker.measuring.sink import Entry, Nowhere, Sink, Texts

TIME_UNITS = ("ms", "s")
SIZE_UNITS = ("MB", "kB", "GB", "B")
_ERROR: Mapping[str, str] = {"Level": "Error"}
_OWN_OR_COUNT: Any = object()  # the unit of a call that says none: the metric's, where it was declared with one
# Metrics that are remembered by name; a handler may make up names without end.
MOST_METRICS = 10_000


class CustomMetrics:
    """The metrics of one model in one worker.

    `declarations` are metrics.yaml's; with `auto_detect` off, nothing else is written. `request_id` gives the id for a
    request's index in the batch, or all ids, comma-separated, for None; without it a `Context` lends its own. Without a `sink`, as
    in a handler's own tests, nothing is kept.
    """

    def __init__(
        self,
        model_name: str,
        declarations: Sequence[MetricDeclaration] = (),
        auto_detect: bool = True,
        request_id: Callable[[int | None], str] | None = None,
        sink: Sink | None = None,
    ) -> None:
        self.model_name = model_name
        self.request_id = request_id
        self.cache: dict[MetricTypes, dict[str, CachingMetric]] = {kind: {} for kind in MetricTypes}
        self._auto_detect = auto_detect
        self._declared = {(MetricTypes(one.kind), one.name) for one in declarations}
        self._sink: Sink = sink if sink is not None else Nowhere()
        self._complaints = Complaints()
        self._defaults = {"ModelName": model_name, "Level": "Model"}
        self._plain: dict[tuple[Any, ...], tuple[CachingMetric, list[str], Entry]] = {}
        for one in declarations:
            self._store(one.name, one.unit, one.dimensions, MetricTypes(one.kind), declared=True)

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
        self._write(name, value, unit, idx, dimensions, self._defaults, metric_type)

    def add_counter(
        self, name: str, value: float, idx: int | None = None, dimensions: Sequence[NamedValue] | None = None
    ) -> None:
        """Add `value`, at least 0, to a counter: in the unit that it was declared with, else of unit Count."""
        self._write(name, value, _OWN_OR_COUNT, idx, dimensions, self._defaults, MetricTypes.COUNTER)

    def add_time(
        self,
        name: str,
        value: float,
        idx: int | None = None,
        unit: str = "ms",
        dimensions: Sequence[NamedValue] | None = None,
        metric_type: MetricTypes = MetricTypes.GAUGE,
    ) -> None:
        """Write a duration in `unit`, ms or s; in another it is dropped."""
        self._write(name, value, unit, idx, dimensions, self._defaults, metric_type, TIME_UNITS)

    def add_size(
        self,
        name: str,
        value: float,
        idx: int | None = None,
        unit: str = "MB",
        dimensions: Sequence[NamedValue] | None = None,
        metric_type: MetricTypes = MetricTypes.GAUGE,
    ) -> None:
        """Write a size in `unit`: MB, kB, GB or B; in another it is dropped."""
        self._write(name, value, unit, idx, dimensions, self._defaults, metric_type, SIZE_UNITS)

    def add_percent(
        self,
        name: str,
        value: float,
        idx: int | None = None,
        dimensions: Sequence[NamedValue] | None = None,
        metric_type: MetricTypes = MetricTypes.GAUGE,
    ) -> None:
        """Write a share, 0 to 100 by convention."""
        self._write(name, value, "percent", idx, dimensions, self._defaults, metric_type)

    def add_error(self, name: str, value: float, dimensions: Sequence[NamedValue] | None = None) -> None:
        """Add `value` to a counter of errors, under Level=Error in place of the default dimensions."""
        self._write(name, value, "", None, dimensions, _ERROR, MetricTypes.COUNTER)

    def add_metric_to_cache(
        self,
        metric_name: str,
        unit: str,
        dimension_names: Sequence[str] | None = None,
        metric_type: MetricTypes = MetricTypes.COUNTER,
    ) -> CachingMetric:
        """Declare a metric from the handler, in place of one of the same name and type; nothing is written yet.

        One that cannot be made (its name is no text, its type none) drops what is written to it, with a line.
        """
        try:
            name, kind = as_name(metric_name), as_kind(metric_type)
            return self._store(name, shown_unit(unit), texts(dimension_names), kind, declared=True)
        except Exception as error:
            self._complaints.dropped(metric_name, "all", error)
            return CachingMetric(shown(metric_name, str), "", (), MetricTypes.GAUGE, Nowhere(), self._complaints)

    def get_metric(self, metric_name: str, metric_type: MetricTypes = MetricTypes.COUNTER) -> CachingMetric:
        """The metric of that name and type.

        Raises:
            MetricsCacheKeyError: there is none.
        """
        try:
            return self.cache[as_kind(metric_type)][metric_name]
        except (Refused, KeyError, TypeError):
            raise MetricsCacheKeyError(f"No metric named {metric_name!r} of type {metric_type}") from None

    def fork(self) -> "CustomMetrics":
        """The same metrics and the same sink, for a context with request ids of its own."""
        twin = object.__new__(type(self))
        twin.__dict__.update(self.__dict__)
        twin.request_id = None
        return twin

    def __getstate__(self) -> dict[str, Any]:  # for copies of a context: entries have locks
        return {**self.__dict__, "_plain": {}}

    def _id_of(self, idx: int | None) -> str:
        return self.request_id(idx) if self.request_id is not None else ""

    def _drop(self, name: object, value: object, error: Exception) -> None:
        """A write was dropped for which there is no metric, or none yet."""
        metric = CachingMetric(shown(name, str), "", (), MetricTypes.GAUGE, self._sink, self._complaints)
        metric.refuse(value, error)

    def _write(
        self,
        name: Any,
        value: Any,
        unit: Any,
        idx: Any,
        dimensions: Any,
        appended: Mapping[str, str],
        metric_type: Any,
        units: Sequence[str] = (),
    ) -> None:
        """Write by name, with those of the `appended` dimensions that the handler does not give and the metric has.

        `units`: what `unit` must be one of, where there are any.
        """
        try:
            if units and unit not in units:
                raise Refused(VALUE, f"its unit is none of {', '.join(units)}", shown(unit))
            metric, entry = self._entry(name, value, unit, dimensions, appended, metric_type)
            if entry is not None:
                number = as_number(value, metric.metric_type)
                entry.write(number, as_text(self._id_of(idx)) if self._sink.each else "")
        except Exception as error:
            self._drop(name, value, error)

    def _entry(
        self, name: Any, value: Any, unit: Any, dimensions: Any, appended: Mapping[str, str], metric_type: Any
    ) -> tuple[CachingMetric, Entry | None]:
        """The metric, and what to write to: remembered for those that are written without dimensions, as most are."""
        plain = dimensions is None and appended is self._defaults
        found = self._plain.get((name, unit, metric_type)) if plain else None
        if found is not None and found[0].dimension_names is found[1]:
            return found[0], found[2]
        metric, given, names, values = self._series(name, value, unit, dimensions, appended, metric_type)
        made = metric.entry(given, names, values)
        if plain and made is not None and len(self._plain) < MOST_METRICS:
            self._plain[name, unit, metric_type] = metric, metric.dimension_names, made
        return metric, made

    def _series(
        self, name: Any, value: Any, unit: Any, dimensions: Any, appended: Mapping[str, str], metric_type: Any
    ) -> tuple[CachingMetric, str, Texts, Texts]:
        """The metric, made where there is none, and the unit, names and values of the dimensions that are meant."""
        kind = metric_type if type(metric_type) is MetricTypes else as_kind(metric_type)
        metric = self.cache[kind].get(name)
        if metric is None:
            name = as_name(name)
            metric = self.cache[kind].get(name)
        names, values = named(dimensions) if dimensions is not None else ([], [])
        for dimension, text in appended.items():
            if dimension not in names and (metric is None or dimension in metric.dimension_names):
                names.append(dimension)
                values.append(text)
        if unit is _OWN_OR_COUNT:
            unit = "" if metric is not None and metric.declared else "count"
        given = shown_unit(unit)
        if metric is None:
            as_number(value, kind)  # what cannot be taken makes no metric
            metric = self._store(name, given, names, kind, declared=False)
        elif not unit or (given != metric.unit and given == shown_unit(metric.unit)):
            given = metric.unit  # metrics.yaml may spell it otherwise: `ms`
        return metric, given, tuple(names), tuple(values)

    def _store(
        self, name: str, unit: str, dimension_names: Sequence[str], metric_type: MetricTypes, *, declared: bool
    ) -> CachingMetric:
        allowed = self._auto_detect or (metric_type, name) in self._declared
        sink = self._sink if allowed else None
        metric = CachingMetric(name, unit, dimension_names, metric_type, sink, self._complaints, declared=declared)
        self._plain.clear()
        known = self.cache[metric_type]
        if len(known) < MOST_METRICS or name in known:
            known[name] = metric
        return metric
