"""Which processes are whose: the workers that run now, with their process ids.

In: `started` and `ended`, called by `recorder` on the loop's thread for what `fleet` reports. Out: `snapshot()`, read
by the collectors on the sampler's thread.
"""

from collections.abc import Mapping

from msgspec import Struct, field


class WorkerProcess(Struct, frozen=True):
    """One worker. `worker` is its name, `W-9000-model_1.0`, which its restarts keep; `pid` leads its own session."""

    model_name: str
    model_version: str
    worker: str
    pid: int

    @property
    def labels(self) -> tuple[str, str, str]:
        """Its values of model_name, model_version and worker."""
        return (self.model_name, self.model_version, self.worker)


class Elsewhere(Struct):
    """What is told of a worker's process on another machine: the machine's name, its node in the cluster, resident memory and
    processor time of the process and its descendants, None where neither is known yet, and memory of GPUs, by the label `device`.
    Written on the loop's thread alone.
    """

    host: str
    node: str
    memory_bytes: int | None = None
    cpu_s: float = 0.0
    gpu_bytes: Mapping[str, int] = field(default_factory=dict)


class RemoteProcess(WorkerProcess, frozen=True):
    """A worker on another machine, `pid` there."""

    told: Elsewhere


class WorkerProcesses:
    """The running workers. Each change replaces the tuple, so a reader on another thread sees before or after."""

    def __init__(self) -> None:
        self._running: tuple[WorkerProcess, ...] = ()
        self._elsewhere: tuple[RemoteProcess, ...] = ()

    def started(self, worker_name: str, model: str, version: str, pid: int, told: Elsewhere | None = None) -> None:
        """A worker's process was launched; it takes the place of an earlier one of that name. `pid` 0: it has ended
        already. `told`: it is on another machine.
        """
        self.ended(worker_name)
        if told is not None:
            self._elsewhere = (*self._elsewhere, RemoteProcess(model, version, worker_name, pid, told))
        elif pid > 0:
            self._running = (*self._running, WorkerProcess(model, version, worker_name, pid))

    def ended(self, worker_name: str) -> None:
        """Its process is gone, or was never started."""
        self._running = tuple(one for one in self._running if one.worker != worker_name)
        self._elsewhere = tuple(one for one in self._elsewhere if one.worker != worker_name)

    def snapshot(self) -> tuple[WorkerProcess, ...]:
        """Those that run on this machine now."""
        return self._running

    def elsewhere(self) -> tuple[RemoteProcess, ...]:
        """Those that run on others."""
        return self._elsewhere
