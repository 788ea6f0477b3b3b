"""The recorders of the modes that log: each of TorchServe's writes also becomes a line, as its log mode writes it.

In: the calls of `recorder.Recorder` and `model_recorder.ModelRecorder`, and the collectors' readings. Out: lines of
ts_metrics.log (the server's families) and model_metrics.log (the handlers'). Made by `server` in place of the plain
recorders, which thus pay nothing. A line's value is what was written: a counter's increment.
"""

import math
import time
from collections.abc import Callable, Sequence
from typing import Any

from servescope.config.objectives import Objectives
from servescope.logs.metric import MetricLog
from servescope.metrics.collectors.reading import Reading
from servescope.metrics.custom import CustomMetrics
from servescope.metrics.definitions import Definition
from servescope.metrics.log_lines import Dimensions, LineShape, json_shape, render, text_shape
from servescope.metrics.model_families import ModelFamilies
from servescope.metrics.model_recorder import HOST, ModelRecorder, Requests
from servescope.metrics.recorder import Recorder
from servescope.metrics.registry import Registry
from servescope.metrics.request_recorder import RequestRecorder
from servescope.wire.messages import MetricUpdate

MOST_SHAPES = 4096
_MODEL = "Model"
_Series = tuple[str, str, tuple[str, ...], tuple[str, ...]]


class Line:
    """Writes the lines of one series; nothing where its family is not logged. For one thread."""

    __slots__ = ("_after", "_before", "_ids", "_log", "_shape", "_value")

    def __init__(self, log: MetricLog, shape: LineShape | None) -> None:
        self._log = log
        self._shape = shape
        self._value = math.nan
        self._ids = self._before = self._after = ""

    def write(self, value: float, request_ids: str = "") -> None:
        """Note that `value` was written, for these requests (ids between commas)."""
        shape = self._shape
        if shape is None:
            return
        # Counters go up by the same 1 again and again, and spelling a number is the dearest part of a line.
        if value != self._value or request_ids != self._ids:
            self._before, self._after = render(shape, value, request_ids)
            self._value, self._ids = value, request_ids
        self._log.write(self._before, self._after)


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
        self._updates: dict[_Series, Line] = {}

    def of_server(self, family: str, *values: str) -> Line:
        """A series of the server's. `values` stand for the family's labels in their order, the host's name aside."""
        return Line(self._server, self._shape_of(family, values, self._server, with_ids=False))

    def of_model(self, family: str, *values: str) -> Line:
        """A series of a family that TorchServe lists under model_metrics."""
        return Line(self._model, self._shape_of(family, values, self._model, with_ids=True))

    def reading(self, reading: Reading) -> None:
        """A collector read this; for the sampler, on its own thread."""
        if reading.family not in self._definitions:
            return
        key = (reading.family, reading.labels)
        line = self._readings.get(key)
        if line is None:
            _make_room(self._readings)
            line = self._readings[key] = self.of_server(reading.family, *reading.labels[:-1])
        line.write(reading.value)

    def update(self, update: MetricUpdate) -> None:
        """A handler wrote this. Its dimensions are logged as it gave them."""
        key = (update.name, update.unit, tuple(update.dimensions), tuple(update.values))
        line = self._updates.get(key)
        if line is None:
            _make_room(self._updates)
            dimensions = tuple(zip(update.dimensions, update.values, strict=False))
            shape = self._shape(self._model, update.name, update.unit, dimensions, with_ids=True)
            line = self._updates[key] = Line(self._model, shape)
        line.write(update.value, update.request_id)

    def _shape_of(self, family: str, values: Sequence[str], log: MetricLog, *, with_ids: bool) -> LineShape | None:
        definition = self._definitions.get(family)
        if definition is None:
            return None
        dimensions = tuple(zip(definition.labels[:-1], values, strict=True))
        return self._shape(log, family, definition.unit, dimensions, with_ids=with_ids)

    def _shape(self, log: MetricLog, name: str, unit: str, dimensions: Dimensions, *, with_ids: bool) -> LineShape:
        make = json_shape if log.json else text_shape
        return make(name, unit, dimensions, self._hostname, with_ids=with_ids)


def _make_room(lines: dict[Any, Line]) -> None:
    """Handlers choose label values, so what is kept of them is bounded; making a shape anew costs microseconds."""
    if len(lines) >= MOST_SHAPES:
        lines.clear()


def _to_thousandths(microseconds: float) -> float:
    """To the nanosecond, which is all that the clock says; `round` takes ten times as long."""
    return int(microseconds * 1000.0 + 0.5) / 1000.0


class LoggingRecorder(Recorder):
    """A recorder that logs. `keeps_custom`: False where /metrics does not show what handlers write."""

    def __init__(
        self,
        registry: Registry,
        hostname: str,
        lines: MetricLines,
        *,
        keeps_custom: bool,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(registry, hostname, clock)
        self._lines = lines
        self._keeps_custom = keeps_custom
        self._ok_line = lines.of_server("Requests2XX", HOST)
        self._client_error_line = lines.of_server("Requests4XX", HOST)
        self._server_error_line = lines.of_server("Requests5XX", HOST)
        self._thread_time_line = lines.of_server("WorkerThreadTime", HOST)

    def response_sent(self, status: int) -> None:
        """See Recorder."""
        super().response_sent(status)
        if 200 <= status < 300:
            self._ok_line.write(1.0)
        elif 400 <= status < 500:
            self._client_error_line.write(1.0)
        else:
            self._server_error_line.write(1.0)

    def worker_loaded(self, worker_name: str, milliseconds: float) -> None:
        """See Recorder."""
        super().worker_loaded(worker_name, milliseconds)
        self._lines.of_server("WorkerLoadTime", worker_name, HOST).write(milliseconds)

    def worker_thread_time(self, milliseconds: float) -> None:
        """See Recorder."""
        super().worker_thread_time(milliseconds)
        self._thread_time_line.write(milliseconds)

    def _make_model(self, name: str, version: str, objectives: Objectives | None) -> ModelRecorder:
        custom = self._custom.setdefault(name, CustomMetrics(self._registry, self._hostname, name))
        requests = self._make_requests(name, version, objectives)
        return LoggingModelRecorder(self._families, custom, name, version, requests, self._lines, self._keeps_custom)


class LoggingModelRecorder(ModelRecorder):
    """A model's recorder that logs; see LoggingRecorder."""

    def __init__(
        self,
        families: ModelFamilies,
        custom: CustomMetrics,
        name: str,
        version: str,
        requests: RequestRecorder,
        lines: MetricLines,
        keeps_custom: bool,
    ) -> None:
        super().__init__(families, custom, name, version, requests)
        self._lines = lines
        self._keeps_custom = keeps_custom
        self._arrived_lines: dict[str, Line] = {}
        self._answered_lines: dict[str, tuple[Line, Line]] = {}
        self._queue_time_line = lines.of_server("QueueTime", HOST)
        self._prediction_line = lines.of_model("PredictionTime", self.name, _MODEL)

    def request_arrived(self, label: str) -> None:
        """See ModelRecorder."""
        super().request_arrived(label)
        line = self._arrived_lines.get(label)
        if line is None:
            line = self._lines.of_server("ts_inference_requests_total", self.name, label)
            self._arrived_lines[label] = line
        line.write(1.0)

    def request_answered(self, label: str, latency_us: float, queue_us: float) -> None:
        """See ModelRecorder."""
        super().request_answered(label, latency_us, queue_us)
        lines = self._answered_lines.get(label)
        if lines is None:
            series = self._lines.of_server
            lines = self._answered_lines[label] = (
                series("ts_inference_latency_microseconds", self.name, label),
                series("ts_queue_latency_microseconds", self.name, label),
            )
        lines[0].write(_to_thousandths(latency_us))
        lines[1].write(_to_thousandths(queue_us))
        self._queue_time_line.write(queue_us // 1000.0)

    def batch_handled(self, prediction_s: float, batch: Requests) -> None:
        """See ModelRecorder."""
        super().batch_handled(prediction_s, batch)
        self._prediction_line.write(_to_thousandths(prediction_s * 1e6) / 1000.0, ",".join(batch.request_ids))

    def custom(self, updates: Sequence[MetricUpdate]) -> None:
        """See ModelRecorder."""
        if self._keeps_custom:
            super().custom(updates)
        for update in updates:
            self._lines.update(update)
