"""A front end that waits awake for the answer to a lone request, where those come quickly (`wire.quickness`). Used by `relay`.

With one request in hand a front end would sleep until its answer comes, and be woken.
"""

import asyncio
import os
import time
from collections.abc import Callable

from servescope.wire.quickness import Quickness

LIMIT_S = 400e-6  # an answer that a worker need not think about is there after 100 to 250 µs


class Awake:
    """Keeps `loop` turning. `waiting`: for the answer to a lone request. `polled_s`: processor time of turns in vain, in seconds.

    `allowed`: by the owner's terms. `in_hand` says how many requests are, `clock` how late it is, `spent` how much of a processor
    this thread has had.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        in_hand: Callable[[], int],
        clock: Callable[[], float] = time.monotonic,
        spent: Callable[[], float] = time.thread_time,
    ) -> None:
        self.allowed = self.waiting = False
        self.polled_s = 0.0
        self._loop = loop
        self._in_hand = in_hand
        self._clock = clock
        self._spent = spent
        self._quickness = Quickness(LIMIT_S)
        self._began = 0.0
        self._turning = False
        self._worked = False  # this turn has had an answer, and another request
        self._had = 0.0  # of a processor at the last turn

    def asked(self) -> None:
        """A request has gone to the owner, and no other is there."""
        if not self.allowed:
            return
        self.waiting = True
        self._began = self._clock()
        if self._turning:
            self._worked = True
        elif self._quickness.pays:
            self._turning = True
            self._had = self._spent()
            self._loop.call_soon(self._turn)

    def answered(self) -> None:
        """An answer has come since. With other requests in hand, nobody was alone."""
        self.waiting = False
        self._quickness.came(LIMIT_S if self._in_hand() else self._clock() - self._began)

    def _turn(self) -> None:
        """Once a turn of the loop, which does not sleep where something is to be called in the next."""
        looked = self._clock() - self._began
        if self._in_hand() == 1:  # otherwise this turn was not in vain
            had, self._had = self._had, self._spent()
            if not self._worked:
                self.polled_s += self._had - had
            self._worked = False
            if looked < LIMIT_S:
                os.sched_yield()
                self._loop.call_soon(self._turn)
                return
        self._turning = self._worked = False
        self._quickness.looked(looked)
