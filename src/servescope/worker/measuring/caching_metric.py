"""One custom metric that a handler writes to, and the errors and types that go with it.

In: `add_or_update` and its kin, called by handlers and by `custom_metrics`. Out: writes to a `Sink`, which the front end reads.
Names and behaviour are TorchServe's (ts.metrics.caching_metric).
"""

import logging
from collections.abc import Sequence
from typing import Any

from servescope.wire.measured.update import DIMENSIONS, DROPPED, VALUE
from servescope.worker.measuring.arguments import MetricTypes, NamedValue, as_number, as_text, named, texts
from servescope.worker.measuring.complaints import Complaints, Refused, shown
from servescope.worker.measuring.sink import Entry, Sink, Texts


class MetricsCacheTypeError(TypeError):
    """A name, unit or type of the wrong Python type."""


class MetricsCacheValueError(ValueError):
    """A unit that the call does not take."""


class MetricsCacheKeyError(KeyError):
    """No metric of that name and type."""


class CachingMetric:
    """A custom metric: its name, unit, type and dimension names.

    `unit` is the text that front end and logs show (`Milliseconds`). `sink` takes each write; None drops
    them all, because metrics.yaml does not declare the metric and auto-detection is off. `declared`: it was made before
    its first write, by metrics.yaml or `add_metric_to_cache`, so whoever writes without naming a unit means its own.

    Whatever cannot be taken is dropped with a line, of which there is one for each reason, and never raised: a measurement
    never fails a prediction.
    """

    __slots__ = ("_complaints", "_sink", "declared", "dimension_names", "metric_name", "metric_type", "unit")

    def __init__(
        self,
        metric_name: str,
        unit: str,
        dimension_names: Sequence[str],
        metric_type: MetricTypes,
        sink: Sink | None,
        complaints: Complaints,
        *,
        declared: bool = True,
    ) -> None:
        self.metric_name = metric_name
        self.unit = unit
        self.dimension_names = list(dimension_names)
        self.metric_type = metric_type
        self.declared = declared
        self._sink = sink
        self._complaints = complaints

    def add_or_update(self, value: float, dimension_values: Sequence[Any] | None = None, request_id: str = "") -> None:
        """Add, set or observe `value`, in this metric's unit, under one value a dimension name."""
        try:
            names, values = tuple(self.dimension_names), texts(dimension_values)
            if len(values) != len(names):
                why = "dimension values do not match dimension names"
                raise Refused(DIMENSIONS, why, f"{shown(values)} and {shown(names)}")
            self._write(value, names, values, request_id)
        except Exception as error:
            self.refuse(value, error)

    def entry(self, unit: str, names: Texts, values: Texts) -> Entry | None:
        """What to write to, in `unit` and under dimensions that `names` name one by one, in any order: the front end has the
        metric's own unit and order. None where nothing is to be written.

        Raises:
            Refused: there is no such thing.
        """
        if self._sink is None:
            self._say_undeclared()
            return None
        return self._sink.entry(self.metric_type.value, self.metric_name, unit, names, values)

    def _write(self, value: Any, names: Texts, values: Texts, request_id: Any) -> None:
        """As `add_or_update`, under dimensions that `names` name one by one."""
        number = as_number(value, self.metric_type)
        entry = self.entry(self.unit, names, values)
        if entry is not None:
            entry.write(number, as_text(request_id))

    def update(self, value: float, request_id: str = "", dimensions: Sequence[NamedValue] | None = None) -> None:
        """Write under `dimensions`, by their names. A metric that was made without any has these from now on, as in
        TorchServe, where they replace all others too: values that come without names would then be somebody else's.
        """
        try:
            names, values = named(dimensions or ())
            if not self.dimension_names:
                self.dimension_names = names
            self._write(value, tuple(names), tuple(values), request_id)
        except Exception as error:
            self.refuse(value, error)

    def emit_metrics(self, request_id: str, value: float, dimension_string: str) -> None:
        """Write under dimensions given as text, `Name:value,Name:value`."""
        try:
            pairs = [pair.partition(":") for pair in as_text(dimension_string).split(",") if pair]
            names, values = [name for name, _, _ in pairs], [text for _, _, text in pairs]
            self._write(value, tuple(names), tuple(values), request_id)
        except Exception as error:
            self.refuse(value, error)

    def refuse(self, value: object, error: Exception) -> None:
        """Say that a write is dropped, and have the front end count it. Never raises."""
        if self._sink is None:
            self._say_undeclared()
            return
        self._complaints.dropped(self.metric_name, value, error)
        reason = error.reason if isinstance(error, Refused) else VALUE
        if reason:
            try:
                self._sink.entry(DROPPED, self.metric_name, reason, (), ()).write(1.0, "")
            except Exception as again:
                self._complaints.dropped(self.metric_name, value, again)

    def _say_undeclared(self) -> None:
        kind = self.metric_type.value
        text = f"({kind}) is not declared in metrics.yaml and model_metrics_auto_detect=false: its values are dropped"
        self._complaints.say(logging.WARNING, self.metric_name, f"undeclared {kind}", text)
