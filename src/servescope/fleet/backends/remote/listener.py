"""The port that workers elsewhere connect back to. It takes them, by their tickets, and nothing else.

In: connections from anywhere. Out: for each that proves to be expected, the protocol that expects it. A stranger is cut off after
`GREETING_S` seconds or its first wrong byte, and the log says who it was.
"""

import asyncio
import errno
import logging
import socket
import ssl
from collections.abc import Callable, Mapping
from typing import cast

from servescope.wire.agent import GREETING_SIZE, WELCOME, Role, Ticket, new_ticket, read_greeting
from servescope.wire.tcp import prepare

GREETING_S = 5.0
MOST_STRANGERS = 256  # that have yet to say who they are
_BURST = 64
_PAUSE_S = 0.5
_BACKLOG = 1024
_SHORT = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)

logger = logging.getLogger("servescope.fleet")

Protocols = Mapping[Role, Callable[[], asyncio.Protocol]]


class Refused(Exception):
    """Who connects is not expected; the text says why."""


class _Expected:
    """One worker: its ticket, and which of its connections are still to come."""

    def __init__(self, ticket: Ticket, protocols: Protocols) -> None:
        self.ticket = ticket
        self.protocols = dict(protocols)


class _Stranger(asyncio.Protocol):
    """A connection that has yet to say whose it is."""

    def __init__(self, listener: "Listener") -> None:
        self._listener = listener
        self._said = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._timer = asyncio.get_running_loop().call_later(
            GREETING_S, self._refuse, f"it said nothing in {GREETING_S:g} s"
        )

    def data_received(self, data: bytes) -> None:
        self._said += data
        if len(self._said) < GREETING_SIZE:
            return
        try:
            protocol = self._listener.admit(self._said)
        except Refused as error:
            self._refuse(str(error))
            return
        transport = self._leave()
        if transport is not None:
            transport.write(WELCOME)  # before anything that its protocol has to say
            transport.set_protocol(protocol)
            protocol.connection_made(transport)

    def connection_lost(self, _exc: Exception | None) -> None:
        self._leave()

    def _leave(self) -> asyncio.Transport | None:
        transport, self._transport = self._transport, None
        if transport is not None:
            self._timer.cancel()
            self._listener.strangers.discard(self)
        return transport

    def _refuse(self, why: str) -> None:
        transport = self._leave()
        if transport is not None:
            peer = transport.get_extra_info("peername")
            logger.warning("A connection from %s to the port for workers is refused: %s", peer, why)
            transport.abort()

    def abort(self) -> None:
        """The listener closes."""
        transport = self._leave()
        if transport is not None:
            transport.abort()


class Listener:
    """`open` it before anybody is expected. `tls`: what connections are encrypted with, where they are."""

    def __init__(self) -> None:
        self.tls: ssl.SSLContext | None = None
        self.strangers: set[_Stranger] = set()
        self._socket: socket.socket | None = None
        self._expected: dict[bytes, _Expected] = {}
        self._tasks: set[asyncio.Task[object]] = set()
        self._pause: asyncio.TimerHandle | None = None

    def open(self, host: str, port: int = 0) -> int:
        """Listen at this address, on a port of the system's choice if it is 0; the port.

        Raises:
            OSError: the address is not this machine's, or in use.
        """
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        bound = socket.socket(family, socket.SOCK_STREAM)
        try:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.bind((host, port))
            bound.listen(_BACKLOG)
            bound.setblocking(False)
        except OSError:
            bound.close()
            raise
        self._socket = bound
        self._listen()
        number: int = bound.getsockname()[1]
        return number

    def close(self) -> None:
        """Take nobody any more."""
        bound, self._socket = self._socket, None
        if bound is None:
            return
        asyncio.get_running_loop().remove_reader(bound)
        bound.close()
        if self._pause is not None:
            self._pause.cancel()
        for task in self._tasks:
            task.cancel()
        for stranger in list(self.strangers):
            stranger.abort()

    def expect(self, protocols: Protocols) -> Ticket:
        """A worker will connect, once for each of these; its ticket."""
        ticket = new_ticket()
        self._expected[ticket.name] = _Expected(ticket, protocols)
        return ticket

    def forget(self, ticket: Ticket) -> None:
        """It is expected no longer."""
        self._expected.pop(ticket.name, None)

    def admit(self, said: bytes) -> asyncio.Protocol:
        """The protocol that expects who says so.

        Raises:
            Refused: nobody does.
        """
        if len(said) != GREETING_SIZE:
            raise Refused("it said more than a greeting")
        try:
            role, ticket = read_greeting(said)
        except ValueError as error:
            raise Refused(f"it is no worker: {error}") from error
        expected = self._expected.get(ticket.name)
        if expected is None:
            raise Refused("no such worker is expected")
        if not expected.ticket.admits(ticket.secret):
            raise Refused("its secret is wrong")
        if (make := expected.protocols.pop(role, None)) is None:
            raise Refused(f"its {role.name.lower()} is connected already")
        if not expected.protocols:
            self.forget(ticket)
        return make()

    def _listen(self) -> None:
        if self._socket is not None:
            asyncio.get_running_loop().add_reader(self._socket, self._accept_some)

    def _accept_some(self) -> None:
        bound = self._socket
        assert bound is not None
        for _ in range(_BURST):
            try:
                accepted, peer = bound.accept()
            except ConnectionAbortedError:
                continue
            except BlockingIOError:
                return
            except OSError as error:
                self._wait(bound, error)
                return
            if len(self.strangers) >= MOST_STRANGERS:
                logger.warning("A connection from %s to the port for workers is refused: %d wait", peer, MOST_STRANGERS)
                accepted.close()
                continue
            self._take(accepted, peer)

    def _wait(self, bound: socket.socket, error: OSError) -> None:
        """By itself, as uvloop closes a listening socket that finds no descriptor."""
        log = logger.warning if error.errno in _SHORT else logger.error
        log("No worker can be taken from its port: %s; it is tried again in %g s", error, _PAUSE_S)
        loop = asyncio.get_running_loop()
        loop.remove_reader(bound)
        self._pause = loop.call_later(_PAUSE_S, self._listen)

    def _take(self, accepted: socket.socket, peer: object) -> None:
        accepted.setblocking(False)
        prepare(accepted)
        stranger = _Stranger(self)
        self.strangers.add(stranger)
        loop = asyncio.get_running_loop()
        patience = GREETING_S if self.tls is not None else None
        taking = loop.connect_accepted_socket(lambda: stranger, accepted, ssl=self.tls, ssl_handshake_timeout=patience)
        task: asyncio.Task[object] = loop.create_task(taking)
        self._tasks.add(task)
        task.add_done_callback(lambda task: self._taken(task, stranger, peer))

    def _taken(self, task: "asyncio.Task[object]", stranger: _Stranger, peer: object) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.strangers.discard(stranger)
            logger.warning("A connection from %s to the port for workers is refused: no TLS with it: %s", peer, error)
