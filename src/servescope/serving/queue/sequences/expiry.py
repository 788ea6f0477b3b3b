"""Ends sequences whose time is over, by one timer for all of a model's. Held by `queue`."""

import asyncio
import math
from collections.abc import Callable

from servescope.serving.queue.sequences.open_sequences import OpenSequences
from servescope.serving.queue.sequences.sequence import Sequence


class Expiry:
    """`end` ends one, for a reason."""

    def __init__(
        self, sequences: OpenSequences, loop: asyncio.AbstractEventLoop, end: Callable[[Sequence, str], None]
    ) -> None:
        self._sequences = sequences
        self._loop = loop
        self._end = end
        self._timer: asyncio.TimerHandle | None = None

    def set(self) -> None:
        """Sequences began, came to rest or ended: the timer is for the next that will be over. One that is early does no harm."""
        at = self._sequences.due_at()
        if (self._timer is not None and self._timer.when() > at) or at == math.inf:
            self._cancel()
        if self._timer is None and at < math.inf:
            self._timer = self._loop.call_at(at, self._look)

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = None
        for sequence, reason in self._sequences.overdue(self._loop.time()):
            self._end(sequence, reason)
        self.set()
