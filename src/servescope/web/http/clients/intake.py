"""Takes connections from the system, in bursts, and waits a moment where it gives none or there is no room for them.

In: a listening socket. Out: connections, to a `Taker`, on the running loop. It accepts by itself because the loops do not mind
their descriptors: uvloop closes a server that finds none, and in doing so drops who waits there; asyncio stops for a second. What
cannot be taken stays in the system's queue, and has its turn when there is room. Made by `acceptor`, and by `front_ends.dealer`.
"""

import asyncio
import errno
import logging
import socket
from typing import Protocol

from servescope.web.http.clients.clients import Recorder
from servescope.web.http.clients.room import Room

logger = logging.getLogger("servescope.web")

BURST = 64  # connections in one turn of the loop, which others wait for
AGAIN_S = 0.05
_LIMITS = {errno.EMFILE: "process_limit", errno.ENFILE: "system_limit"}


class Taker(Protocol):
    """Who is given connections."""

    def take(self, accepted: socket.socket) -> bool:
        """Have it. False: no other one in this turn of the loop."""

    def ready(self) -> bool:
        """Whether there is room for another one; asked after a moment in which none was taken."""


class Intake:
    """Of one listening socket. `recorder` counts what cannot be taken."""

    def __init__(self, taker: Taker, room: Room, recorder: Recorder) -> None:
        self._taker = taker
        self._room = room
        self._recorder = recorder
        self._bound: socket.socket | None = None
        self._pause: asyncio.TimerHandle | None = None
        self._said: int | None = None

    def open(self, bound: socket.socket) -> None:
        """Begin, on the running loop. `bound` listens, does not block, and is closed by `close`."""
        self._bound = bound
        self._listen()

    def close(self) -> None:
        """Take no more. Nothing happens where nothing was opened."""
        if self._bound is None:
            return
        if self._pause is not None:
            self._pause.cancel()
        asyncio.get_running_loop().remove_reader(self._bound)
        self._bound.close()
        self._bound = None

    def make_room(self, *, system: bool = False) -> None:
        """Who comes next has no descriptor: somebody else goes, or who comes waits a moment. `system`: see `Room.lacks`."""
        if not self._room.make():
            self._room.lacks(system=system)
            self.pause("system_limit" if system else "process_limit")

    def pause(self, reason: str) -> None:
        """Take none for a moment. `reason`: one of ACCEPT_FAILURES."""
        assert self._bound is not None
        self._recorder.accept_failed(reason)
        asyncio.get_running_loop().remove_reader(self._bound)
        self._wait()

    def _listen(self) -> None:
        assert self._bound is not None
        asyncio.get_running_loop().add_reader(self._bound, self._take_some)

    def _take_some(self) -> None:
        assert self._bound is not None
        for _ in range(BURST):
            try:
                accepted, _ = self._bound.accept()
            except ConnectionAbortedError:
                continue
            except BlockingIOError:
                return
            except OSError as error:
                self._fail(error)
                return
            if not self._taker.take(accepted):
                return

    def _fail(self, error: OSError) -> None:
        if error.errno in _LIMITS:
            self.make_room(system=error.errno == errno.ENFILE)
            return
        # For want of memory perhaps: asked on and on it would take all of the loop's time.
        if error.errno != self._said:
            logger.error("No connection can be accepted: %s; it is tried again every %g s", error, AGAIN_S)
            self._said = error.errno
        self.pause("error")

    def _wait(self) -> None:
        self._pause = asyncio.get_running_loop().call_later(AGAIN_S, self._try_again)

    def _try_again(self) -> None:
        if self._taker.ready():
            self._listen()
        else:
            self._wait()
