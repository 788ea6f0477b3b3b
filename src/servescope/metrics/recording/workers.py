"""The series of single workers: how long each was busy, polled, is at its batch and took to load, and which processes they are.

In: calls of `fleet.pool` on the loop's thread. Out: servescope_worker_busy_seconds_total, _polling_seconds_total, _batch_seconds,
_node_info, TorchServe's WorkerLoadTime, and the processes that `collectors.workers` measures. Made by `recorder.Recorder`.
"""

from collections.abc import Callable

from servescope.metrics.recording.processes import Elsewhere, WorkerProcesses
from servescope.metrics.registry import Registry

HOST = "Host"
# So many at most keep their last counts: an autoscaler may make hundreds of workers in these seconds.
MOST_GONE = 100
Key = tuple[str, str, str]


class WorkerRecorder:
    """Workers by model, version and name. A worker that has gone keeps its last count for `kept_s` seconds, its gauges go with it.

    `hostname` is the value of the Hostname label.
    """

    def __init__(self, registry: Registry, hostname: str, kept_s: float, clock: Callable[[], float]) -> None:
        self.processes = WorkerProcesses()
        self._hostname = hostname
        self._loads = registry.gauge("WorkerLoadTime")
        self._busy = registry.counter("servescope_worker_busy_seconds_total")
        self._polling = registry.counter("servescope_worker_polling_seconds_total")
        self._batch = registry.gauge("servescope_worker_batch_seconds")
        self._node = registry.gauge("servescope_worker_node_info")
        self._nodes: dict[str, tuple[str, ...]] = {}
        self._kept_s = kept_s
        self._clock = clock
        self._gone: dict[Key, float] = {}

    def added(
        self,
        model: str,
        version: str,
        worker: str,
        busy_s: Callable[[], float],
        batch_s: Callable[[], float],
        polled_s: Callable[[], float],
    ) -> None:
        """There is a new worker, which says at scrape time for how many seconds it was busy, has been at its batch, and polled."""
        self._busy.read(busy_s, model, version, worker)
        self._polling.read(polled_s, model, version, worker)
        self._batch.read(batch_s, model, version, worker)

    def started(self, model: str, version: str, worker: str, pid: int, told: Elsewhere | None) -> None:
        """Its process serves. `told`: on another machine, of which this is told."""
        self.processes.started(worker, model, version, pid, told)
        if told is not None:
            labels = self._nodes[worker] = (model, version, worker, told.node, told.host)
            self._node.labels(*labels).value = 1.0

    def loaded(self, worker: str, milliseconds: float) -> None:
        """It has loaded its model, so long after the decision to start it."""
        self._loads.labels(worker, HOST, self._hostname).value = milliseconds

    def ended(self, worker: str) -> None:
        """Its process has ended; it may get another."""
        self.processes.ended(worker)
        if (labels := self._nodes.pop(worker, None)) is not None:
            self._node.remove(*labels)

    def gone(self, model: str, version: str, worker: str, busy_s: float, polled_s: float) -> None:
        """It will not come back."""
        key = (model, version, worker)
        self._batch.remove(*key)
        for counter, seconds in ((self._busy, busy_s), (self._polling, polled_s)):
            counter.remove(*key)
            counter.labels(*key).value = seconds
        self._gone[key] = self._clock() + self._kept_s
        self._loads.remove(worker, HOST, self._hostname)
        self.sweep()

    def sweep(self) -> None:
        """Drop the series of workers that went long enough ago."""
        now = self._clock()
        too_many = len(self._gone) - MOST_GONE
        for number, (key, until) in enumerate(list(self._gone.items())):
            if number >= too_many and until > now:
                break
            del self._gone[key]
            self._busy.remove(*key)
            self._polling.remove(*key)
