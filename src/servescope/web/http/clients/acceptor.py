"""A port's connections, as long as there are descriptors for them.

In: a listening socket. Out: connections, on the running loop, that speak what `connect` makes. Made by `server.http.ports`, and by
`front_ends.child.serving`; used by `listener`.
"""

import asyncio
import socket
import ssl
import time
from collections.abc import Callable
from typing import Any

from servescope.web.http.clients.clients import Clients
from servescope.web.http.clients.handshake import Handshake
from servescope.web.http.clients.intake import Intake
from servescope.web.http.clients.room import FEWEST, Room
from servescope.web.http.listening.tls import Tls

FAVOURED = 16  # connections that are enough for operators and scrapers: there is no end of those that may come
_LONGER_S = 5.0  # that the loop's own limit comes after ours

Greeting = asyncio.Task[tuple[asyncio.Transport, Any]]
Connect = Callable[[Clients], asyncio.Protocol]


class Acceptor:
    """One listening socket's. `clients`: whoever is connected. `connect` makes a protocol. `tls`: what they are encrypted with.

    `favoured`: the port is one for operators, whose first FAVOURED connections may use what others leave free.
    """

    def __init__(self, clients: Clients, room: Room, connect: Connect, tls: Tls | None, *, favoured: bool) -> None:
        self.clients = clients
        self._room = room
        self._connect = connect
        self._tls = tls
        self._favoured = favoured
        self._context: ssl.SSLContext | None = None
        self._tasks: set[Greeting] = set()
        self._intake = Intake(self, room, clients.recorder)

    def start(self, bound: socket.socket) -> None:
        """See `listener.Accepting`."""
        self._context = self._tls.context() if self._tls is not None else None
        self._room.add(self.clients)
        self._intake.open(bound)

    def close(self) -> None:
        """See `listener.Accepting`."""
        self._intake.close()
        for task in self._tasks:
            task.cancel()
        self.clients.close()

    # What the intake asks.

    def take(self, accepted: socket.socket) -> bool:
        """See `intake.Taker`."""
        number = accepted.fileno()
        self._greet(accepted)
        if self._may_have(number + 1):
            return True
        self._intake.make_room()
        return False

    def ready(self) -> bool:
        """See `intake.Taker`."""
        return self._may_have(self._room.descriptors.next_number()) or self._room.make()

    def _may_have(self, number: int) -> bool:
        """Whether another connection may have the descriptor of this number."""
        connected = len(self.clients.open) + len(self._tasks)
        favoured = self._favoured and connected < FAVOURED
        return connected < FEWEST or self._room.holds(number, favoured=favoured)

    def _greet(self, accepted: socket.socket) -> None:
        accepted.setblocking(False)
        loop = asyncio.get_running_loop()
        if self._context is None:
            task = loop.create_task(loop.connect_accepted_socket(self._protocol, accepted))
        else:
            limit_s = self.clients.patience.header_s + _LONGER_S
            agreed = loop.connect_accepted_socket(
                self._protocol, accepted, ssl=self._context, ssl_handshake_timeout=limit_s
            )
            task = loop.create_task(agreed)
            handshake = Handshake(task, time.monotonic())
            self.clients.joined(handshake)
            task.add_done_callback(lambda _task: self.clients.left(handshake))
        self._tasks.add(task)
        task.add_done_callback(self._greeted)

    def _protocol(self) -> asyncio.Protocol:
        return self._connect(self.clients)

    def _greeted(self, task: Greeting) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # its client is gone again, or speaks another language
