"""Reads of a socket that do not sleep where the next message is about to come: its bytes out. Used by `wire.blocking`.

To wake a process that sleeps on a processor that has nothing else to do takes 20 to 40 µs, more than anything else that happens
to a small request. A worker that is asked again within LIMIT_S of its answer, again and again, looks for the next batch
instead of sleeping, and lets whoever wants the processor have it. The kernel's adaptive halt polling decides alike. Where somebody
does want it, and keeps it, each look costs more than it saves: who has given a processor away is the last to get it back.
"""

import os
import select
import socket
import time
from collections.abc import Callable

# For how long: a client that asks anew at once has the next request here after 60 to 100 µs, through a front end after 120 to 240.
LIMIT_S = 250e-6
# It polls where more than two thirds of the gaps were shorter than that of late: those count one, others minus two.
_SURE, _SUREST, _MISSED = 3, 8, 2
# After somebody else has kept the processor it sleeps for so many gaps: twice as many each time, one fewer for each time that
# nobody did. A processor that is shared is soon found out, one that is taken away once in a thousand polls loses little.
_LEAST_ASLEEP, _MOST_ASLEEP = 64, 8192


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
        self._score = 0  # below 0: for how many gaps it sleeps, however short they are
        self._asleep = _LEAST_ASLEEP

    def recv(self, size: int) -> bytes:
        """As the socket's."""
        clock = self._clock
        began = clock()
        if self._score >= _SURE:
            self._poll(began)
        # Whoever sleeps in `recv` is woken, for nothing, when the other side reads what it was sent: Linux tells all who sleep on a
        # Unix socket that there is room again: a wake-up more for each answer. Who sleeps in `poll` has said what for.
        self._arriving.poll()
        data = self._recv(size)
        if clock() - began < LIMIT_S:
            if self._score < _SUREST:
                self._score += 1
        elif self._score > 0:
            self._score = max(0, self._score - _MISSED)
        elif self._score < 0:
            self._score += 1
        return data

    def _poll(self, began: float) -> None:
        """Until there is something to read, or for as long as it pays."""
        poll, clock, end, before = self._arriving.poll, self._clock, began + LIMIT_S, self._spent()
        while not poll(0) and clock() < end:
            os.sched_yield()
        if clock() > end + LIMIT_S:
            self._score = -self._asleep
            self._asleep = min(2 * self._asleep, _MOST_ASLEEP)
        elif self._asleep > _LEAST_ASLEEP:
            self._asleep -= 1
        self._polled(self._spent() - before)
