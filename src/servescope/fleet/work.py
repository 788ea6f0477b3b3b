"""What passes between a worker and those around it: its states, the work it is given, why a life ended, who hears of it.

Used by `fleet.worker`, `fleet.pool` and `serving`.
"""

import signal
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from servescope.errors import WorkerFailed
from servescope.fleet.launch import HandlerMetrics
from servescope.wire.frames import Attachments
from servescope.wire.messages import EngineStats, Loaded, Reply

if TYPE_CHECKING:
    from servescope.fleet.worker import Worker

KILLED = -signal.SIGKILL


class WorkerState(StrEnum):
    """Where a worker is in its life. `FAILED`: waiting to be started again; `GAVE_UP`: not any more."""

    STARTING = "starting"
    READY = "ready"
    BUSY = "busy"
    STOPPING = "stopping"
    FAILED = "failed"
    GAVE_UP = "gave_up"


AT_WORK = (WorkerState.READY, WorkerState.BUSY)
# Which of a model's workers go when fewer are wanted: those without work first.
RETIRED_FIRST = (
    WorkerState.GAVE_UP,
    WorkerState.FAILED,
    WorkerState.STOPPING,  # dying by itself, and not noticed yet
    WorkerState.STARTING,
    WorkerState.READY,
    WorkerState.BUSY,
)


class Work(Protocol):
    """A batch given to a worker. `id` is unique among the front end's batches."""

    id: int

    @property
    def request_ids(self) -> list[str]:
        """Its requests."""

    def replied(self, reply: Reply, attachments: Attachments) -> None:
        """A piece of the answer, or with `reply.final` the last of it."""

    def failed(self, error: WorkerFailed) -> None:
        """There will be no answer."""

    def late(self, reply: Reply) -> None:
        """A piece of the answer, or its end, that came after it had failed: nobody waits for it."""

    def returned(self) -> None:
        """The worker ended before it began on it."""


class WorkerOwner(Protocol):
    """Who hears of a worker's turns."""

    def worker_launched(self, worker: "Worker") -> None:
        """It has a process, which loads now."""

    def worker_loaded(self, worker: "Worker", loaded: Loaded) -> None:
        """It has loaded the model, and is free next."""

    def worker_engine(self, worker: "Worker", stats: EngineStats) -> None:
        """Its language model's engine says how it is."""

    def worker_offers(self, worker: "Worker", source: HandlerMetrics) -> None:
        """Its handler's own metrics can be had from this, until it ends; see `WorkerEvents`."""

    def worker_free(self, worker: "Worker") -> None:
        """It can take work: it has loaded, or finished what it had."""

    def worker_said(self, worker: "Worker", stream: str, line: str) -> None:
        """It wrote a line to its stdout or stderr."""


class PoolEvents(Protocol):
    """Who gives the workers their work."""

    def worker_free(self, worker: "Worker") -> None:
        """It can take a batch now."""

    def workers_changed(self) -> None:
        """One died, gave up or was taken away: `Pool.can_serve` may have turned."""

    def batches_of_one(self) -> None:
        """The workers serve a language model, which takes no more than one request in a batch."""


@dataclass(frozen=True)
class Ending:
    """Why a life ended. `reason`: exit, signal, oom, timeout, load_error or stopped."""

    reason: str
    text: str
    code: int = 500


def ending_of(status: int, oom: Callable[[], bool]) -> Ending:
    """Why a process ended by itself, by its exit status, or minus the signal that killed it.

    `oom`: asked where it was SIGKILL, says whether it was the kernel's.
    """
    if status in (KILLED, 137):
        if oom():
            return Ending("oom", "killed by the kernel for want of memory", 507)
        return Ending("signal", "killed by SIGKILL", 507)
    if status < 0:
        return Ending("signal", f"killed by {signal.Signals(-status).name}")
    return Ending("exit", f"exited with status {status}")
