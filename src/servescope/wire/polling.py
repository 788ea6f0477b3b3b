"""Reads of a socket that do not sleep where the next message is about to come: its bytes out. Used by `wire.blocking`.

To wake a process that sleeps on a processor that has nothing else to do takes 20 to 40 µs, more than anything else that happens
to a small request. A worker that is asked again within LIMIT_S of its answer, again and again, looks for the next batch
instead of sleeping, and lets whoever wants the processor have it. The kernel's adaptive halt polling decides alike.
"""

import os
import select
import socket
import time
from collections.abc import Callable

# For how long: a client that asks anew at once has the next request here after 60 to 100 µs.
LIMIT_S = 200e-6
# It polls where more than two thirds of the gaps were shorter than that of late: those count one, others minus two.
_SURE, _SUREST, _MISSED = 3, 8, 2


class PollingReader:
    """`recv` of a connected socket, for one thread. `polled`: told how long it has polled, in seconds, each time."""

    def __init__(
        self,
        connection: socket.socket,
        polled: Callable[[float], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._recv = connection.recv
        self._polled = polled
        self._clock = clock
        self._arriving = select.poll()
        self._arriving.register(connection, select.POLLIN)
        self._score = 0

    def recv(self, size: int) -> bytes:
        """As the socket's."""
        clock = self._clock
        began = clock()
        if self._score >= _SURE:
            self._poll(began)
        data = self._recv(size)
        if clock() - began < LIMIT_S:
            if self._score < _SUREST:
                self._score += 1
        elif self._score:
            self._score = max(0, self._score - _MISSED)
        return data

    def _poll(self, began: float) -> None:
        """Until there is something to read, or for as long as it pays."""
        poll, clock, end = self._arriving.poll, self._clock, began + LIMIT_S
        while not poll(0) and clock() < end:
            os.sched_yield()
        self._polled(clock() - began)
