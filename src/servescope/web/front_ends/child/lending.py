"""A front end's large bodies on their way to the owner, and until the owner has let go of them (`shelf`).

In: bodies that `reader` has read, and what the owner says (`Back`). Out: their descriptors. Called by `relay`. Their memory is kept
here until then, and may be written over (`spares`) only where the owner says that nobody reads it any more.
"""

import socket
from contextlib import suppress

from servescope.web.front_ends.passed import send
from servescope.wire.spooled.body import Spooled


class Lending:
    """`end`: this process's of the shelf. Nothing here waits."""

    def __init__(self, end: socket.socket) -> None:
        end.setblocking(False)
        self._end = end
        self._last = 0
        self._lent: dict[int, Spooled] = {}

    def put(self, body: Spooled) -> bool:
        """Leave it for the owner. False: there is no room."""
        with suppress(OSError):
            send(self._end, body.descriptor, self._last + 1)
            self._last += 1
            self._lent[self._last] = body
            body.tell()
            return True
        return False

    def back(self, number: int, *, reusable: bool) -> None:
        """The owner has let go of one. `reusable`: nobody who was told of it reads it any more."""
        body = self._lent.pop(number)
        if reusable:
            body.answered()

    def close(self) -> None:
        """Put none any more."""
        self._end.close()
