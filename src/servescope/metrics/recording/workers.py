"""The series of single workers: how long each was busy, is at its batch, and which processes they are.

In: calls of `fleet.pool` on the loop's thread. Out: servescope_worker_busy_seconds_total and _batch_seconds, and the processes that
`collectors.workers` measures. Made by `recorder.Recorder`.
"""

from collections.abc import Callable

from servescope.metrics.recording.processes import WorkerProcesses
from servescope.metrics.registry import Registry

Key = tuple[str, str, str]


class WorkerRecorder:
    """Workers by model, version and name. A worker that has gone keeps its last count for `kept_s` seconds."""

    def __init__(self, registry: Registry, kept_s: float, clock: Callable[[], float]) -> None:
        self.processes = WorkerProcesses()
        self._busy = registry.counter("servescope_worker_busy_seconds_total")
        self._batch = registry.gauge("servescope_worker_batch_seconds")
        self._kept_s = kept_s
        self._clock = clock
        self._gone: dict[Key, float] = {}

    def added(
        self, model: str, version: str, worker: str, busy_s: Callable[[], float], batch_s: Callable[[], float]
    ) -> None:
        """There is a new worker, which says at scrape time for how many seconds it was busy, and has been at its batch."""
        self._busy.read(busy_s, model, version, worker)
        self._batch.read(batch_s, model, version, worker)

    def started(self, model: str, version: str, worker: str, pid: int) -> None:
        """Its process serves."""
        self.processes.started(worker, model, version, pid)

    def ended(self, worker: str) -> None:
        """Its process has ended; it may get another."""
        self.processes.ended(worker)

    def gone(self, model: str, version: str, worker: str, busy_s: float) -> None:
        """It will not come back."""
        key = (model, version, worker)
        self._batch.remove(*key)
        self._busy.remove(*key)
        self._busy.labels(*key).value = busy_s
        self._gone[key] = self._clock() + self._kept_s

    def sweep(self) -> None:
        """Drop the series of workers that went long enough ago."""
        now = self._clock()
        for key in [key for key, until in self._gone.items() if until <= now]:
            del self._gone[key]
            self._busy.remove(*key)
