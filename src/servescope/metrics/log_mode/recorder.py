"""The recorders of the modes that log: each of TorchServe's writes also becomes a line, as its log mode writes it.

In: the calls of `recorder.Recorder` and `model_recorder.ModelRecorder`, and the collectors' readings. Out: lines of
ts_metrics.log (the server's families) and model_metrics.log (the handlers'). Made by `server` in place of the plain
recorders, which thus pay nothing. A line's value is what was written: a counter's increment.
"""

import asyncio
import time
from collections.abc import Callable, Sequence

from servescope.config.model.objectives import Objectives
from servescope.metrics.log_mode.metric_lines import Line, MetricLines, to_thousandths
from servescope.metrics.log_mode.requests import LoggingPortRecorder, LoggingRequestRecorder
from servescope.metrics.recording.measured import Source
from servescope.metrics.recording.model import HOST, MODEL, ModelParts, ModelRecorder, Requests
from servescope.metrics.recording.ports.ports import PortRecorder
from servescope.metrics.recording.recorder import Recorder
from servescope.metrics.recording.requests.recorder import RequestRecorder
from servescope.metrics.registry import Registry
from servescope.wire.measured.update import DROPPED, MetricUpdate

# How often what handlers write is read and logged, seconds; and how many lines of a worker at once, which takes the loop some 3 ms.
READ_S = 0.025
AT_ONCE = 1000


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
        self._lines = lines  # the base class makes parts that need them
        super().__init__(registry, hostname, clock)
        self._keeps_custom = keeps_custom
        self._thread_time_line = lines.of_server("WorkerThreadTime", HOST)

    def worker_loaded(self, worker_name: str, milliseconds: float) -> None:
        """See Recorder."""
        super().worker_loaded(worker_name, milliseconds)
        self._lines.of_server("WorkerLoadTime", worker_name, HOST).write(milliseconds)

    def worker_thread_time(self, milliseconds: float) -> None:
        """See Recorder."""
        super().worker_thread_time(milliseconds)
        self._thread_time_line.write(milliseconds)

    def _make_port(self) -> PortRecorder:
        return LoggingPortRecorder(self._registry, self._hostname, self._lines)

    def _make_requests(self, name: str, version: str, objectives: Objectives | None) -> RequestRecorder:
        return LoggingRequestRecorder(
            self._make_series(name, version, objectives), self.port, self.spare, self._lines, name
        )

    def _make_model(self, name: str, version: str, objectives: Objectives | None) -> ModelRecorder:
        return LoggingModelRecorder(self._make_parts(name, version, objectives), self._lines, self._keeps_custom)


class LoggingModelRecorder(ModelRecorder):
    """A model's recorder that logs; see LoggingRecorder."""

    def __init__(self, parts: ModelParts, lines: MetricLines, keeps_custom: bool) -> None:
        super().__init__(parts)
        self._lines = lines
        self._keeps_custom = keeps_custom
        self._handler_lines = lines.of_handler()
        self._reading: asyncio.TimerHandle | None = None
        self._arrived_lines: dict[str, Line] = {}
        self._prediction_line = lines.of_model("PredictionTime", self.name, MODEL)

    def request_arrived(self, label: str) -> None:
        """See ModelRecorder."""
        super().request_arrived(label)
        line = self._arrived_lines.get(label)
        if line is None:
            line = self._lines.of_server("ts_inference_requests_total", self.name, label)
            self._arrived_lines[label] = line
        line.write(1.0)

    def worker_measures(self, worker: str, source: Source) -> None:
        """See ModelRecorder. There is a line for each write, in a ring that has an end: it is emptied even if nobody asks."""
        super().worker_measures(worker, source)
        if self._reading is None:
            self._reading = asyncio.get_running_loop().call_later(READ_S, self._read_on)

    def _read_on(self) -> None:
        """Log some of the handlers' writes, then more of them soon, or later where that was all."""
        loop = asyncio.get_running_loop()
        updates = self.measured.take(most=AT_ONCE)
        self.custom(updates)
        pause = 0.0 if len(updates) >= AT_ONCE else READ_S
        self._reading = loop.call_later(pause, self._read_on) if len(self.measured) else None

    def batch_handled(self, prediction_s: float, batch: Requests) -> None:
        """See ModelRecorder. What the handler wrote for the batch comes before what is written here."""
        self.custom(self.measured.take(most=AT_ONCE))
        super().batch_handled(prediction_s, batch)
        self._prediction_line.write(to_thousandths(prediction_s * 1e6) / 1000.0, ",".join(batch.request_ids))

    def custom(self, updates: Sequence[MetricUpdate]) -> None:
        """See ModelRecorder. What a worker refused is counted in every mode, and is no line."""
        super().custom(updates if self._keeps_custom else [update for update in updates if update.kind == DROPPED])
        for update in updates:
            if update.kind != DROPPED:
                self._handler_lines.update(update)

    def detach(self) -> None:
        """See ModelRecorder."""
        super().detach()
        self._handler_lines.clear()
