"""Reads of a socket that do not sleep where the next message is about to come (`quickness`): its bytes out.

Used by `wire.blocking`.
"""

import os
import select
import socket
import time
from collections.abc import Callable

from servescope.wire.quickness import Quickness

# A client that asks anew at once has the next request here after 60 to 100 µs, through a front end after 120 to 240.
LIMIT_S = 250e-6


class PollingReader:
    """`recv` of a connected socket, for one thread. `polled`: told what it has polled, in seconds of processor time, each time.

    `clock` says how late it is, `spent` how much of a processor this thread has had.
    """

    def __init__(
        self,
        connection: socket.socket,
        polled: Callable[[float], None],
        clock: Callable[[], float] = time.monotonic,
        spent: Callable[[], float] = time.thread_time,
    ) -> None:
        self._recv = connection.recv
        self._polled = polled
        self._clock = clock
        self._spent = spent
        self._arriving = select.poll()
        self._arriving.register(connection, select.POLLIN)
        self._quickness = Quickness(LIMIT_S)

    def recv(self, size: int) -> bytes:
        """As the socket's."""
        clock, quickness = self._clock, self._quickness
        began = clock()
        if quickness.pays:
            self._poll(began)
        # Whoever sleeps in `recv` is woken, for nothing, when the other side reads what it was sent: Linux tells all who sleep on a
        # Unix socket that there is room again: a wake-up more for each answer. Who sleeps in `poll` has said what for.
        self._arriving.poll()
        data = self._recv(size)
        quickness.came(clock() - began)
        return data

    def _poll(self, began: float) -> None:
        """Until there is something to read, or for as long as it pays."""
        poll, clock, end, before = self._arriving.poll, self._clock, began + LIMIT_S, self._spent()
        while not poll(0) and clock() < end:
            os.sched_yield()
        self._quickness.looked(clock() - began)
        self._polled(self._spent() - before)
