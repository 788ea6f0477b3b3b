"""One custom metric that a handler writes to, and the errors and types that go with it.

In: `add_or_update` and its kin, called by handlers and by `custom_metrics`. Out: `MetricUpdate`s appended to the list
that the session drains into its next reply. Names and behaviour are TorchServe's (ts.metrics.caching_metric).
"""

import logging
from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any, Protocol

from servescope.wire.messages import DIMENSIONS, DROPPED, VALUE, MetricUpdate

logger = logging.getLogger("servescope.worker.metrics")


class MetricTypes(Enum):
    """What a write does: COUNTER adds, GAUGE sets, HISTOGRAM observes (TorchServe's MetricTypes)."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class MetricsCacheTypeError(TypeError):
    """A name, unit or type of the wrong Python type."""


class MetricsCacheValueError(ValueError):
    """A unit that the call does not take."""


class MetricsCacheKeyError(KeyError):
    """No metric of that name and type."""


class NamedValue(Protocol):
    """A dimension: `ts.metrics.dimension.Dimension`, or anything with a name and a value."""

    name: Any
    value: Any


def as_text(value: Any) -> str:
    """A dimension's value as text that UTF-8 can carry; lone surrogates become question marks."""
    text = value if type(value) is str else str(value)
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


class CachingMetric:
    """A custom metric: its name, unit, type and dimension names.

    `unit` is the text that front end and logs show (`Milliseconds`). `write` takes each finished update; None drops
    them all, because metrics.yaml does not declare the metric and auto-detection is off. `declared`: it was made before
    its first write, by metrics.yaml or `add_metric_to_cache`, so whoever writes without naming a unit means its own.
    """

    __slots__ = ("_warned", "_write", "declared", "dimension_names", "metric_name", "metric_type", "unit")

    def __init__(
        self,
        metric_name: str,
        unit: str,
        dimension_names: Sequence[str],
        metric_type: MetricTypes,
        write: Callable[[MetricUpdate], None] | None,
        *,
        declared: bool = True,
    ) -> None:
        self.metric_name = metric_name
        self.unit = unit
        self.dimension_names = list(dimension_names)
        self.metric_type = metric_type
        self.declared = declared
        self._write = write
        self._warned = False

    def add_or_update(self, value: float, dimension_values: Sequence[Any] | None = None, request_id: str = "") -> None:
        """Add, set or observe `value`, in this metric's unit, under one value a dimension name.

        A wrong count of values, a number that is none, or a counter that would go down is logged and dropped: a
        measurement never fails a prediction.
        """
        values = [as_text(one) for one in dimension_values or ()]
        if len(values) != len(self.dimension_names):
            why = f"dimension values {values} do not match dimension names {self.dimension_names}"
            self._refuse(value, why, DIMENSIONS)
            return
        self.write(value, self.unit, list(self.dimension_names), values, request_id)

    def write(self, value: Any, unit: str, names: list[str], values: list[str], request_id: str) -> None:
        """As `add_or_update`, in `unit` and under dimensions that `names` name one by one, in any order: the front end has
        the metric's own unit and order.
        """
        if self._write is None:
            self._drop_undeclared()
            return
        try:
            number = float(value)
        except (TypeError, ValueError):
            self._refuse(value, "not a number", VALUE)
            return
        if number < 0 and self.metric_type is MetricTypes.COUNTER:
            self._refuse(value, "a counter cannot go down", VALUE)
            return
        kind = self.metric_type.value
        self._write(MetricUpdate(kind, self.metric_name, unit, names, values, number, as_text(request_id)))

    def update(self, value: float, request_id: str = "", dimensions: Sequence[NamedValue] | None = None) -> None:
        """Write under `dimensions`, by their names. A metric that was made without any has these from now on, as in
        TorchServe, where they replace all others too: values that come without names would then be somebody else's.
        """
        given = list(dimensions or ())
        names = [as_text(one.name) for one in given]
        if not self.dimension_names:
            self.dimension_names = names
        self.write(value, self.unit, names, [as_text(one.value) for one in given], request_id)

    def emit_metrics(self, request_id: str, value: float, dimension_string: str) -> None:
        """Write under dimensions given as text, `Name:value,Name:value`."""
        pairs = [pair.partition(":") for pair in dimension_string.split(",") if pair]
        names = [as_text(name) for name, _, _ in pairs]
        self.write(value, self.unit, names, [as_text(text) for _, _, text in pairs], request_id)

    def _refuse(self, value: Any, why: str, reason: str) -> None:
        """Say so, and let the front end count it."""
        if self._write is None:
            self._drop_undeclared()
            return
        logger.error("Metric %s: value %r dropped: %s", self.metric_name, value, why)
        self._write(MetricUpdate(DROPPED, self.metric_name, reason, [], [], 1.0, ""))

    def _drop_undeclared(self) -> None:
        if not self._warned:
            self._warned = True
            logger.warning(
                "Metric %s (%s) is not declared in metrics.yaml and model_metrics_auto_detect=false: "
                "its values are dropped",
                self.metric_name,
                self.metric_type.value,
            )
