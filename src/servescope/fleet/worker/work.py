"""What passes between a worker and those around it: its states, the work it is given, why a life ended.

Used by `fleet.worker.worker`, `fleet.pool` and `serving`.
"""

import asyncio
import signal
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from typing import Protocol

from msgspec import Struct

from servescope.errors import WorkerFailed
from servescope.wire.frames import Attachments
from servescope.wire.messages import Reply

KILLED = -signal.SIGKILL


class WorkerState(StrEnum):
    """Where a worker is in its life. `PENDING`: waiting for a place; `FAILED`: to be started again; `GAVE_UP`: not any more."""

    PENDING = "pending"
    STARTING = "starting"
    READY = "ready"
    BUSY = "busy"
    STOPPING = "stopping"
    FAILED = "failed"
    GAVE_UP = "gave_up"


# By themselves, as each batch has to do with them: through their class they take three times as long in Python 3.11.
READY, BUSY, STOPPING = WorkerState.READY, WorkerState.BUSY, WorkerState.STOPPING
AT_WORK = (READY, BUSY)
# Which of a model's workers go when fewer are wanted: those without work first.
RETIRED_FIRST = (
    WorkerState.GAVE_UP,
    WorkerState.FAILED,
    WorkerState.STOPPING,  # dying by itself, and not noticed yet
    WorkerState.PENDING,
    WorkerState.STARTING,
    WorkerState.READY,
    WorkerState.BUSY,
)


def counted(states: Iterable[WorkerState]) -> dict[str, int]:
    """How many workers are in each state; those given up count as failed."""
    counts = dict.fromkeys(map(str, WorkerState), 0)
    for state in states:
        counts[state] += 1
    counts[WorkerState.FAILED] += counts.pop(WorkerState.GAVE_UP)
    return counts


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

    def unread(self, lost: Sequence[tuple[int, str]]) -> None:
        """The worker goes on without these requests, by their place, as it cannot read their bodies, and why."""

    def returned(self) -> None:
        """The worker ended before it began on it."""


class Ending(Struct, frozen=True):
    """Why a life ended. `reason`: exit, signal, oom, timeout, load_error or stopped; or what `later` comes to, where only time
    tells.
    """

    reason: str
    text: str
    code: int = 500
    later: "asyncio.Future[str] | None" = None

    def tell_reason(self, tell: Callable[[str], None]) -> None:
        """Call `tell` with the reason: now, or as soon as it is known."""
        if self.later is None:
            tell(self.reason)
        else:
            self.later.add_done_callback(lambda known: tell(known.result()))


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
