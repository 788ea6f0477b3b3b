"""Recorders that record nothing: `metrics_mode=off`, so that the cost of measuring can itself be measured.

Made by `server` in place of `Recorder`.
"""

from collections.abc import Callable, Mapping, Sequence

from servescope.config.model.objectives import Objectives
from servescope.metrics.recording.llm import LlmRecorder
from servescope.metrics.recording.model import ModelRecorder, Requests
from servescope.metrics.recording.ports import PortRecorder
from servescope.metrics.recording.recorder import Recorder
from servescope.metrics.recording.requests.outcome import RequestOutcome
from servescope.metrics.recording.requests.recorder import RequestRecorder
from servescope.metrics.recording.requests.series import PlainRow
from servescope.metrics.recording.workers import WorkerRecorder
from servescope.wire.messages import EngineStats, MetricUpdate, Tokens


def _ignore(_value: float) -> None:
    pass


class SilentRequests(RequestRecorder):
    """See `RequestRecorder`."""

    __slots__ = ()

    def __init__(self) -> None:
        self.batch_sent = _ignore

    def finished_plainly(self, row: PlainRow) -> None:
        """See `RequestRecorder`."""

    def finished(self, outcome: RequestOutcome) -> None:
        """See `RequestRecorder`."""

    def refused(self, route: str, code: int, arrived: float, ended: float, received_bytes: int) -> None:
        """See `RequestRecorder`."""

    def generates(self) -> None:
        """See `RequestRecorder`."""

    def settle(self) -> None:
        """See `RequestRecorder`."""

    def remove(self) -> None:
        """See `RequestRecorder`."""


class SilentLlm(LlmRecorder):
    """See `LlmRecorder`."""

    __slots__ = ()

    def __init__(self) -> None:
        pass

    def begin(self) -> None:
        """See `LlmRecorder`."""

    def tokens(self, tokens: Tokens) -> None:
        """See `LlmRecorder`."""

    def first_token(self, seconds: float) -> None:
        """See `LlmRecorder`."""

    def engine(self, worker: str, stats: EngineStats) -> None:
        """See `LlmRecorder`."""

    def worker_ended(self, worker: str) -> None:
        """See `LlmRecorder`."""

    def worker_gone(self, worker: str) -> None:
        """See `LlmRecorder`."""

    def remove(self) -> None:
        """See `LlmRecorder`."""


class SilentModel(ModelRecorder):
    """See `ModelRecorder`."""

    def __init__(self, name: str, version: str) -> None:
        self.name, self.version = name, version
        self.requests = SilentRequests()
        self.llm = SilentLlm()
        self.batch_sent = _ignore

    def request_arrived(self, label: str) -> None:
        """See `ModelRecorder`."""

    def request_refused(self, route: str, code: int, arrived: float, ended: float, size: int) -> None:
        """See `ModelRecorder`."""

    def rejected(self, reason: str) -> None:
        """See `ModelRecorder`."""

    def restarted(self, reason: str) -> None:
        """See `ModelRecorder`."""

    def loaded(self, seconds: float) -> None:
        """See `ModelRecorder`."""

    def batch_handled(self, prediction_s: float, batch: Requests) -> None:
        """See `ModelRecorder`."""

    def custom(self, updates: Sequence[MetricUpdate]) -> None:
        """See `ModelRecorder`."""

    def describe(self, handler: str, runtime: str, batch_size: int, max_batch_delay_ms: int, device: str) -> None:
        """See `ModelRecorder`."""

    def serves_language_model(self) -> None:
        """See `ModelRecorder`."""

    def batches_of_one(self) -> None:
        """See `ModelRecorder`."""

    def queue(self, depth: Callable[[], float], oldest_s: Callable[[], float], capacity: int) -> None:
        """See `ModelRecorder`."""

    def workers(self, states: Callable[[], Mapping[str, int]]) -> None:
        """See `ModelRecorder`."""

    def scaling(self, wanted: Callable[[], float], fewest: Callable[[], float], most: Callable[[], float]) -> None:
        """See `ModelRecorder`."""

    def detach(self) -> None:
        """See `ModelRecorder`."""

    def remove(self) -> None:
        """See `ModelRecorder`."""


class SilentWorkers(WorkerRecorder):
    """See `WorkerRecorder`."""

    def __init__(self) -> None:
        pass

    def added(self, model: str, version: str, worker: str, busy_s: Callable[[], float]) -> None:
        """See `WorkerRecorder`."""

    def started(self, model: str, version: str, worker: str, pid: int) -> None:
        """See `WorkerRecorder`."""

    def loaded(self, worker: str, milliseconds: float) -> None:
        """See `WorkerRecorder`."""

    def ended(self, worker: str) -> None:
        """See `WorkerRecorder`."""

    def gone(self, model: str, version: str, worker: str, busy_s: float) -> None:
        """See `WorkerRecorder`."""


class SilentPort(PortRecorder):
    """See `PortRecorder`."""

    def __init__(self) -> None:
        pass

    def response_sent(self, status: int) -> None:
        """See `PortRecorder`."""

    def http_request(self, listener: str, method: str, path: str, code: int) -> None:
        """See `PortRecorder`."""

    def answered(self, listener: str, method: str, path: str, times: int) -> None:
        """See `PortRecorder`."""


class SilentRecorder(Recorder):
    """See `Recorder`."""

    def __init__(self) -> None:
        self.workers = SilentWorkers()
        self.port = SilentPort()
        self.loop_lagged = self.scrape_finished = _ignore

    async def settle(self) -> None:
        """See `Recorder`."""

    def model(self, name: str, version: str, objectives: Objectives | None = None) -> ModelRecorder:  # noqa: ARG002
        """See `Recorder`."""
        return SilentModel(name, version)

    def forget(self, name: str, version: str) -> None:
        """See `Recorder`."""

    def worker_loaded(self, worker_name: str, milliseconds: float) -> None:
        """See `Recorder`."""

    def worker_thread_time(self, milliseconds: float) -> None:
        """See `Recorder`."""

    def find(self, name: str, version: str) -> ModelRecorder | None:  # noqa: ARG002
        """See `Recorder`."""
        return None
