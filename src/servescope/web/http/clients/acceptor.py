"""Takes a port's connections from the system, as long as there are descriptors for them.

In: a listening socket. Out: connections, on the running loop. It accepts by itself because the loops do not mind their
descriptors: uvloop closes a server that finds none, and in doing so drops who waits there; asyncio stops for a second. What cannot
be taken stays in the system's queue, and has its turn when there is room. Made by
`server.ports`, used by `listener`.
"""

import asyncio
import errno
import logging
import socket
import ssl
import time
from collections.abc import Callable
from typing import Any

from servescope.web.http.clients.clients import Clients
from servescope.web.http.clients.handshake import Handshake
from servescope.web.http.clients.room import FEWEST, Room

logger = logging.getLogger("servescope.web")

BURST = 64  # connections in one turn of the loop, which others wait for
AGAIN_S = 0.05
FAVOURED = 16  # connections that are enough for operators and scrapers: there is no end of those that may come
_LONGER_S = 5.0  # that the loop's own limit comes after ours
_LIMITS = {errno.EMFILE: "process_limit", errno.ENFILE: "system_limit"}

Greeting = asyncio.Task[tuple[asyncio.Transport, Any]]


def failure_of(error: OSError) -> str:
    """Why a port can take no further connection, one of ACCEPT_FAILURES."""
    return _LIMITS.get(error.errno or 0, "error")


class Acceptor:
    """One listening socket's. `clients`: whoever is connected. `favoured`: the port is one for operators, whose first FAVOURED
    connections may use what others leave free.
    """

    def __init__(self, clients: Clients, room: Room, *, favoured: bool) -> None:
        self.clients = clients
        self._room = room
        self._favoured = favoured
        self._bound: socket.socket | None = None
        self._tls: ssl.SSLContext | None = None
        self._connect: Callable[[Clients], asyncio.Protocol] = lambda _: asyncio.Protocol()
        self._tasks: set[Greeting] = set()
        self._pause: asyncio.TimerHandle | None = None
        self._said: int | None = None

    def start(
        self, bound: socket.socket, connect: Callable[[Clients], asyncio.Protocol], tls: ssl.SSLContext | None
    ) -> None:
        """Begin, on the running loop. `bound` listens, does not block, and is closed by `close`. `connect` makes a protocol."""
        self._bound, self._connect, self._tls = bound, connect, tls
        self._room.add(self.clients)
        self._open()

    def close(self) -> None:
        """Take no more connections, and close those that there are."""
        if self._bound is None:
            return
        self._stop_listening()
        if self._pause is not None:
            self._pause.cancel()
        self._bound.close()
        self._bound = None
        for task in self._tasks:
            task.cancel()
        self.clients.close()

    def _open(self) -> None:
        assert self._bound is not None
        asyncio.get_running_loop().add_reader(self._bound, self._accept_some)

    def _stop_listening(self) -> None:
        assert self._bound is not None
        asyncio.get_running_loop().remove_reader(self._bound)

    def _accept_some(self) -> None:
        assert self._bound is not None
        for _ in range(BURST):
            try:
                accepted, _ = self._bound.accept()
            except ConnectionAbortedError:
                continue
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno in _LIMITS:
                    self._fall_short(system=error.errno == errno.ENFILE)
                else:
                    self._break_off(error)
                return
            number = accepted.fileno()
            self._take(accepted)
            if not self._may_have(number + 1):
                self._fall_short(system=False)
                return

    def _may_have(self, number: int) -> bool:
        """Whether another connection may have the descriptor of this number."""
        connected = len(self.clients.open) + len(self._tasks)
        favoured = self._favoured and connected < FAVOURED
        return connected < FEWEST or self._room.holds(number, favoured=favoured)

    def _fall_short(self, *, system: bool) -> None:
        """There is no descriptor for who comes next: somebody else goes, or who comes waits a moment."""
        if not self._room.make():
            self._room.lacks(system=system)
            self.clients.recorder.accept_failed("system_limit" if system else "process_limit")
            self._stop_listening()
            self._pause_for_a_moment()

    def _break_off(self, error: OSError) -> None:
        """The system gives no connection, for want of memory perhaps: asked on and on it would take all of the loop's time."""
        if error.errno != self._said:
            logger.error("No connection can be accepted: %s; it is tried again every %g s", error, AGAIN_S)
            self._said = error.errno
        self.clients.recorder.accept_failed("error")
        self._stop_listening()
        self._pause_for_a_moment()

    def _pause_for_a_moment(self) -> None:
        self._pause = asyncio.get_running_loop().call_later(AGAIN_S, self._try_again)

    def _try_again(self) -> None:
        if self._may_have(self._room.descriptors.next_number()) or self._room.make():
            self._open()
        else:
            self._pause_for_a_moment()

    def _take(self, accepted: socket.socket) -> None:
        accepted.setblocking(False)
        loop = asyncio.get_running_loop()
        if self._tls is None:
            task = loop.create_task(loop.connect_accepted_socket(self._greet, accepted))
        else:
            limit_s = self.clients.patience.header_s + _LONGER_S
            agreed = loop.connect_accepted_socket(self._greet, accepted, ssl=self._tls, ssl_handshake_timeout=limit_s)
            task = loop.create_task(agreed)
            handshake = Handshake(task, time.monotonic())
            self.clients.joined(handshake)
            task.add_done_callback(lambda _task: self.clients.left(handshake))
        self._tasks.add(task)
        task.add_done_callback(self._taken)

    def _greet(self) -> asyncio.Protocol:
        return self._connect(self.clients)

    def _taken(self, task: Greeting) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # its client is gone again, or speaks another language
