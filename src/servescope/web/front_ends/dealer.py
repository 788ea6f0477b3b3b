"""Takes a port's connections from the system, and gives them to the front ends in turn, by their descriptors.

In: a listening socket. Out: descriptors on each front end's `dealt`, where they wait for its process, or for the one after it. So
no hash decides who has how many, and none that was accepted is lost when a process ends. Used by `listener` in place of an
`Acceptor`.
"""

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable, Sequence

from servescope.web.front_ends.front_end import FrontEnd
from servescope.web.front_ends.passed import send
from servescope.web.http.clients.acceptor import AGAIN_S, BURST, failure_of
from servescope.web.http.clients.clients import Clients, Recorder

logger = logging.getLogger("servescope.web")


class Dealer:
    """`front_ends` are in their order. `recorder` counts what cannot be accepted."""

    def __init__(self, front_ends: Sequence[FrontEnd], recorder: Recorder) -> None:
        self._front_ends = front_ends
        self._recorder = recorder
        self._next = 0
        self._bound: socket.socket | None = None
        self._pause: asyncio.TimerHandle | None = None
        self._held: socket.socket | None = None  # accepted, and nobody had room for it
        self._said: int | None = None

    def start(
        self,
        bound: socket.socket,
        connect: Callable[[Clients], asyncio.Protocol],  # noqa: ARG002
        tls: ssl.SSLContext | None,  # noqa: ARG002
    ) -> None:
        """See `listener.Accepting`. The front ends make their own protocols, and agree on TLS themselves."""
        self._bound = bound
        self._open()

    def close(self) -> None:
        """See `listener.Accepting`. Connections end with the front ends."""
        if self._bound is None:
            return
        if self._pause is not None:
            self._pause.cancel()
        asyncio.get_running_loop().remove_reader(self._bound)
        self._bound.close()
        self._bound = None
        if self._held is not None:
            self._held.close()

    def _open(self) -> None:
        self._pause = None
        if self._held is not None and not self._deal(self._held):
            self._wait()
            return
        self._held = None
        assert self._bound is not None
        asyncio.get_running_loop().add_reader(self._bound, self._accept_some)

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
                self._break_off(error)
                return
            if not self._deal(accepted):
                self._held = accepted
                self._recorder.accept_failed("error")
                self._wait()
                return

    def _deal(self, accepted: socket.socket) -> bool:
        """Give it to the next that has room, those first that are prompt; False where none has."""
        count = len(self._front_ends)
        turn = [self._front_ends[(self._next + place) % count] for place in range(count)]
        for front_end in sorted(turn, key=lambda each: not each.prompt):
            try:
                send(front_end.dealt, accepted.fileno())
            except OSError:  # its queue is full, or there are more under way than the system allows
                continue
            self._next = front_end.number % count
            accepted.close()
            return True
        return False

    def _break_off(self, error: OSError) -> None:
        if error.errno != self._said:
            logger.error("No connection can be accepted: %s; it is tried again every %g s", error, AGAIN_S)
            self._said = error.errno
        self._recorder.accept_failed(failure_of(error))
        self._wait()

    def _wait(self) -> None:
        assert self._bound is not None
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._bound)
        self._pause = loop.call_later(AGAIN_S, self._open)
