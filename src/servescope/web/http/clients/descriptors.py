"""How many file descriptors are left, told by their numbers: the system gives out the lowest that is free.

So a new one's number says it all, without counting: one that is at `line` or above leaves fewer free than shall be kept. What else
opens and closes files (workers, logs, archives) needs to know nothing of this. Used by `room`.
"""

import os
import select
from collections.abc import Callable
from resource import RLIM_INFINITY, RLIMIT_NOFILE, getrlimit

_ENDLESS = 2**30
_SPAN = 4  # of so many times what is kept it is asked which are free


def soft_limit() -> int:
    """The most that this process may have open."""
    soft, _ = getrlimit(RLIMIT_NOFILE)
    return _ENDLESS if soft == RLIM_INFINITY else min(soft, _ENDLESS)


class Descriptors:
    """Those of this process. `limit` says how many there may be; it is asked again at each look, as `prlimit` can raise it.

    Kept free by connections that ask for predictions are a quarter of all, at most 64: some for the other ports, some for workers,
    logs and archives. The other ports leave the half of that.
    """

    def __init__(self, limit: Callable[[], int] = soft_limit) -> None:
        self._ask = limit
        self.limit = 0
        self.look()

    def line(self, *, favoured: bool) -> int:
        """The first number that a connection shall not have. `favoured`: to a port for operators."""
        return self._favoured_line if favoured else self._line

    def look(self) -> None:
        """Find the lines anew."""
        if (limit := self._ask()) != self.limit:
            self._measure(limit)
        free = [number for number, event in self._poll.poll(0) if event & select.POLLNVAL]
        self._line = self._leaving(free, self._kept)
        self._favoured_line = self._leaving(free, self._kept // 2)

    def _measure(self, limit: int) -> None:
        self.limit = limit
        self._kept = max(2, min(64, limit // 4))
        self._lowest = max(0, limit - _SPAN * self._kept)
        self._poll = select.poll()
        for number in range(self._lowest, limit):
            self._poll.register(number, 0)

    def _leaving(self, free: list[int], kept: int) -> int:
        return sorted(free)[-kept] if len(free) >= kept else self._lowest

    def next_number(self) -> int:
        """The number that a new one would have; the limit where there is none."""
        try:
            number = os.open(os.devnull, os.O_RDONLY)
        except OSError:
            return self.limit
        os.close(number)
        return number
