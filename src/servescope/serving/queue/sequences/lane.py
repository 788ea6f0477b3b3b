"""The sequences of one worker's process, and those of them that have a request for it now. Held by `queue`."""

import asyncio
from collections import deque

from servescope.fleet.worker.worker import Worker
from servescope.serving.queue.sequences.sequence import Sequence


class Lane:
    """`sequences`: all that this process remembers. `line`: those with a request that it may be given, in turn. `delay`: runs while
    a batch fills, since `assembling`.
    """

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self.sequences: dict[Sequence, None] = {}
        self.line: deque[Sequence] = deque()
        self.delay: asyncio.TimerHandle | None = None
        self.assembling = 0.0
        self._life = worker.life

    @property
    def lost(self) -> str:
        """Why what the process remembers is gone, or will be with what it has in hand; "" where it is not."""
        if self.worker.retiring:
            return "worker_retired"
        return "" if self.worker.life is self._life and self.worker.at_work else "worker_died"

    @property
    def free(self) -> bool:
        """Whether the worker can be given a batch now."""
        worker = self.worker
        return worker.has_room and (worker.concurrent or not worker.in_flight)

    def join(self, sequence: Sequence) -> None:
        """It may be given a request of this one."""
        if not sequence.queued:
            sequence.queued = True
            self.line.append(sequence)

    def leave(self, sequence: Sequence) -> None:
        """It may not: there is none, or the sequence is over."""
        if sequence.queued:
            sequence.queued = False
            self.line.remove(sequence)

    def filled(self) -> float:
        """The batch is not waited for any longer; since when it was, 0.0 where it was not."""
        if self.delay is None:
            return 0.0
        self.delay.cancel()
        self.delay = None
        return self.assembling
