"""Memory of large bodies that are over, for the next ones: to have pages, have them zeroed, and give them back costs more
processor time than to write a body to pages that are there.

In: memory that nobody reads any more (`wire.spooled.memory` knows). Out: empty bodies in it, which are longer than what is written
to them, and whose rest nobody is told of. Asked by `reader`, one for each front end's process.
"""

import asyncio
import os
from dataclasses import dataclass

from servescope.wire.spooled.body import Spooled, create, scarce

MOST_BYTES = 64 * 2**20  # that are kept, of all bodies together
MOST = 16  # as each takes a descriptor
IDLE_S = 2.0  # that memory is kept which no body has use for


@dataclass(frozen=True, slots=True)
class _Spare:
    descriptor: int
    size: int
    since: float


class Spares:
    """Those that are there, the one that was in use last at the end: it is the first to be used, as caches may have it."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._spares: list[_Spare] = []
        self._timer: asyncio.TimerHandle | None = None

    def empty(self) -> Spooled:
        """An empty body, whose memory comes back here when nobody has it any more.

        Raises:
            OSError: see `create`.
        """
        if self._spares:
            return Spooled(self._spares.pop().descriptor, 0, self._let_go)
        return create(self._let_go)

    def close(self) -> None:
        """Keep none."""
        if self._timer is not None:
            self._timer.cancel()
        while self._spares:
            self._drop()

    def _let_go(self, descriptor: int, reusable: bool) -> None:
        size = os.fstat(descriptor).st_size
        if not reusable or not 0 < size <= MOST_BYTES or scarce(descriptor) or self._loop.is_closed():
            os.close(descriptor)
            return
        self._spares.append(_Spare(descriptor, size, self._loop.time()))
        while len(self._spares) > MOST or sum(spare.size for spare in self._spares) > MOST_BYTES:
            self._drop()
        if self._timer is None:
            self._timer = self._loop.call_later(IDLE_S, self._tidy)

    def _tidy(self) -> None:
        self._timer = None
        while self._spares and self._spares[0].since + IDLE_S <= self._loop.time():
            self._drop()
        if self._spares:
            self._timer = self._loop.call_at(self._spares[0].since + IDLE_S, self._tidy)

    def _drop(self) -> None:
        """Give back what was in use longest ago."""
        os.close(self._spares.pop(0).descriptor)
