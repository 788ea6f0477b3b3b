"""Recorders of requests and answers that also write metric lines; see `logged.LoggingRecorder`, which makes them."""

from servescope.metrics.log_mode.metric_lines import Line, MetricLines, to_thousandths
from servescope.metrics.recording.model import HOST
from servescope.metrics.recording.ports.ports import PortRecorder
from servescope.metrics.recording.requests.outcome import RequestOutcome
from servescope.metrics.recording.requests.recorder import RequestRecorder
from servescope.metrics.recording.requests.series import PlainRow, RequestSeries
from servescope.metrics.registry import Registry
from servescope.metrics.spare_time import SpareTime


class LoggingRequestRecorder(RequestRecorder):
    """A recorder of a model's requests that logs; see LoggingRecorder."""

    __slots__ = ("_latency_lines", "_lines", "_name", "_queue_time_line")

    def __init__(
        self, series: RequestSeries, port: PortRecorder, spare: SpareTime, lines: MetricLines, name: str
    ) -> None:
        super().__init__(series, port, spare)
        self._lines = lines
        self._name = name
        self._latency_lines: dict[str, tuple[Line, Line]] = {}
        self._queue_time_line = lines.of_server("QueueTime", HOST)

    def finished(self, outcome: RequestOutcome) -> None:
        """See RequestRecorder."""
        super().finished(outcome)
        if handled := outcome.handled:
            self._write_latencies(outcome.asked, outcome.duration_s, handled.turn - outcome.arrived)

    def finished_plainly(self, row: PlainRow) -> None:
        """See RequestRecorder."""
        super().finished_plainly(row)
        self._settle_now(row)

    def called_plainly(self, row: PlainRow) -> None:
        """See RequestRecorder."""
        super().called_plainly(row)
        self._settle_now(row)

    def _settle_now(self, row: PlainRow) -> None:
        """The port's lines are written as each answer leaves."""
        self.settle()
        arrived, ended, times, asked = row[0], row[1], row[2], row[6]
        self._write_latencies(asked, ended - arrived, times.turn - arrived)

    def _write_latencies(self, asked: str, duration_s: float, waited_s: float) -> None:
        lines = self._latency_lines.get(asked)
        if lines is None:
            series = self._lines.of_server
            lines = self._latency_lines[asked] = (
                series("ts_inference_latency_microseconds", self._name, asked),
                series("ts_queue_latency_microseconds", self._name, asked),
            )
        lines[0].write(to_thousandths(duration_s * 1e6))
        lines[1].write(to_thousandths(waited_s * 1e6))
        self._queue_time_line.write(waited_s * 1e3 // 1.0)


class LoggingPortRecorder(PortRecorder):
    """A recorder of answers that logs; see LoggingRecorder."""

    def __init__(self, registry: Registry, hostname: str, lines: MetricLines) -> None:
        super().__init__(registry, hostname)
        self._ok_line = lines.of_server("Requests2XX", HOST)
        self._client_error_line = lines.of_server("Requests4XX", HOST)
        self._server_error_line = lines.of_server("Requests5XX", HOST)

    def response_sent(self, status: int) -> None:
        """See PortRecorder."""
        super().response_sent(status)
        if 200 <= status < 300:
            self._ok_line.write(1.0)
        elif 400 <= status < 500:
            self._client_error_line.write(1.0)
        else:
            self._server_error_line.write(1.0)

    def answered(self, listener: str, method: str, path: str, times: int) -> None:
        """See PortRecorder."""
        super().answered(listener, method, path, times)
        for _ in range(times):
            self._ok_line.write(1.0)
