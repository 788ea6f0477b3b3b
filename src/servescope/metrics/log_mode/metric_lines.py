"""The metric lines of the modes that log, bound to their series once.

In: the definitions that are logged, and writes of `logged`, `logged_requests` and the collectors' readings. Out: lines of
TorchServe's form to ts_metrics.log and model_metrics.log. Made by `server`.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

from servescope.logs.metric import MetricLog
from servescope.metrics.collectors.reading import Reading
from servescope.metrics.definitions import Definition
from servescope.metrics.log_mode.layout import Layout
from servescope.metrics.log_mode.lines import Dimensions, LineShape, json_shape, render, text_shape
from servescope.metrics.torchserve.units import Conversion
from servescope.wire.measured.update import MetricUpdate

MOST_SHAPES = 4096
_MODEL = "Model"
_Series = tuple[str, str, str, tuple[str, ...], tuple[str, ...]]


class Line:
    """Writes the lines of one series; nothing where its family is not logged. For one thread."""

    __slots__ = ("_after", "_before", "_ids", "_log", "_shape", "_value")

    def __init__(self, log: MetricLog, shape: LineShape | None) -> None:
        self._log = log
        self._shape = shape
        self._value = math.nan
        self._ids = self._before = self._after = ""

    def write(self, value: float, request_ids: str = "", at: float = 0.0) -> None:
        """Note that `value` was written, for these requests (ids between commas), `at` seconds since the epoch; 0: now."""
        shape = self._shape
        if shape is None:
            return
        # Counters go up by the same 1 again and again, and spelling a number is the dearest part of a line.
        if value != self._value or request_ids != self._ids:
            self._before, self._after = render(shape, value, request_ids)
            self._value, self._ids = value, request_ids
        self._log.write(self._before, self._after, at)


class MetricLines:
    """Which writes are logged, and where. `definitions`: TorchServe's families whose writes are, as metrics.yaml names them.

    `server` and `model` are the two files.
    """

    def __init__(self, definitions: Sequence[Definition], hostname: str, server: MetricLog, model: MetricLog) -> None:
        self._definitions = {definition.name: definition for definition in definitions}
        self._hostname = hostname
        self._server = server
        self._model = model
        self._readings: dict[tuple[str, tuple[str, ...]], Line] = {}
        self._layouts: dict[tuple[str, str], Layout] = {}

    def of_server(self, family: str, *values: str) -> Line:
        """A series of the server's. `values` stand for the family's labels in their order, the host's name aside."""
        return Line(self._server, self._shape_of(family, values, self._server, self._hostname, with_ids=False))

    def of_model(self, family: str, *values: str) -> Line:
        """A series of a family that TorchServe lists under model_metrics."""
        return Line(self._model, self._shape_of(family, values, self._model, self._hostname, with_ids=True))

    def reading(self, reading: Reading) -> None:
        """A collector read this; for the sampler, on its own thread."""
        if reading.family not in self._definitions:
            return
        key = (reading.family, reading.labels)
        line = self._readings.get(key)
        if line is None:
            _make_room(self._readings)
            *values, hostname = reading.labels  # which may be another's
            shape = self._shape_of(reading.family, values, self._server, hostname, with_ids=False)
            line = self._readings[key] = Line(self._server, shape)
        line.write(reading.value)

    def of_handler(self) -> "HandlerLines":
        """What the handler of one model writes, to be kept no longer than the model."""
        return HandlerLines(self._make_handlers, self._layout)

    def _make_handlers(self, name: str, unit: str, dimensions: Dimensions) -> Line:
        return Line(self._model, self._shape(self._model, name, unit, dimensions, self._hostname, with_ids=True))

    def _layout(self, update: MetricUpdate) -> Layout:
        """That of its metric, of whichever model: as declared, else as first written."""
        key = (update.kind, update.name)
        layout = self._layouts.get(key)
        if layout is None:
            _make_room(self._layouts)
            declared = self._definitions.get(update.name)
            is_it = declared is not None and declared.kind == update.kind
            layout = Layout.declared(declared) if declared and is_it else Layout(update.unit, update.dimensions)
            self._layouts[key] = layout
        return layout

    def _shape_of(
        self, family: str, values: Sequence[str], log: MetricLog, hostname: str, *, with_ids: bool
    ) -> LineShape | None:
        definition = self._definitions.get(family)
        if definition is None:
            return None
        dimensions = tuple(zip(definition.labels, definition.shown((*values, hostname)), strict=True))[:-1]
        return self._shape(log, family, definition.unit, dimensions, hostname, with_ids=with_ids)

    def _shape(
        self, log: MetricLog, name: str, unit: str, dimensions: Dimensions, hostname: str, *, with_ids: bool
    ) -> LineShape:
        make = json_shape if log.json else text_shape
        return make(name, unit, dimensions, hostname, with_ids=with_ids)


class HandlerLines:
    """The lines of one model's own metrics. `make`: a line of a name, unit and dimensions; `layout`: that of an update's metric."""

    def __init__(self, make: Callable[[str, str, Dimensions], Line], layout: Callable[[MetricUpdate], Layout]) -> None:
        self._make = make
        self._layout = layout
        self._known: dict[_Series, tuple[Line, Conversion]] = {}

    def update(self, update: MetricUpdate) -> None:
        """The handler wrote this. All lines of a metric have its dimensions in one order, and its unit, where theirs can be
        converted into it; those that cannot name their own.
        """
        key = (update.kind, update.name, update.unit, tuple(update.dimensions), tuple(update.values))
        found = self._known.get(key)
        if found is None:
            _make_room(self._known)
            layout = self._layout(update)
            unit, converted = layout.measured(update.unit)
            line = self._make(update.name, unit, layout.ordered(update.dimensions, update.values))
            found = self._known[key] = (line, converted)
        line, (times, per) = found
        line.write(update.value * times / per, update.request_id, update.at)

    def clear(self) -> None:
        """The model has gone."""
        self._known.clear()


def _make_room(lines: dict[Any, Any]) -> None:
    """Handlers choose label values, so what is kept of them is bounded; making a shape anew costs microseconds."""
    if len(lines) >= MOST_SHAPES:
        lines.clear()


def to_thousandths(microseconds: float) -> float:
    """To the nanosecond, which is all that the clock says; `round` takes ten times as long."""
    return int(microseconds * 1000.0 + 0.5) / 1000.0
