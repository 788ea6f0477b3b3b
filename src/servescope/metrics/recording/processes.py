"""Which processes are whose: the workers that run now, with their process ids.

In: `started` and `ended`, called by `recorder` on the loop's thread for what `fleet` reports. Out: `snapshot()`, read
by the collectors on the sampler's thread.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WorkerProcess:
    """One worker. `worker` is its name, `W-9000-model_1.0`, which its restarts keep; `pid` leads its own session."""

    model_name: str
    model_version: str
    worker: str
    pid: int

    @property
    def labels(self) -> tuple[str, str, str]:
        """Its values of model_name, model_version and worker."""
        return (self.model_name, self.model_version, self.worker)


class WorkerProcesses:
    """The running workers. Each change replaces the tuple, so a reader on another thread sees before or after."""

    def __init__(self) -> None:
        self._running: tuple[WorkerProcess, ...] = ()

    def started(self, worker_name: str, model: str, version: str, pid: int) -> None:
        """A worker's process was launched; it takes the place of an earlier one of that name. `pid` 0: it has ended
        already.
        """
        others = self._others(worker_name)
        self._running = (*others, WorkerProcess(model, version, worker_name, pid)) if pid > 0 else others

    def ended(self, worker_name: str) -> None:
        """Its process is gone, or was never started."""
        self._running = self._others(worker_name)

    def snapshot(self) -> tuple[WorkerProcess, ...]:
        """Those that run now."""
        return self._running

    def _others(self, worker_name: str) -> tuple[WorkerProcess, ...]:
        return tuple(one for one in self._running if one.worker != worker_name)
