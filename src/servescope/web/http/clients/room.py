"""Who has to go when file descriptors run out: connections of all ports, those first that have the least to lose.

The longest idle go first, then those that have not sent a whole header, the longest without first, then those whose body has stood
still for STALLED_S; at last those that have only just been answered, and are about to ask again. Never one with a request in the
server's hands, or with an answer on its way. Asked by `acceptor`, and by `rounds`.
"""

import time
from collections import deque
from collections.abc import Callable
from operator import itemgetter

from servescope.web.http.clients.clients import Clients
from servescope.web.http.clients.descriptors import Descriptors
from servescope.web.http.clients.phase import Client, Phase
from servescope.web.http.clients.shortage import Shortage

STALLED_S = 2.0  # longer than a lost packet takes; hundreds that stall on purpose hold a port for so long, in rounds
YOUNG_S = 0.25  # so long a request that has not come may be on its way, or not read yet
FEWEST = 8  # connections that a port may have whatever else is open: nothing would be served otherwise
# A list of who may go is walked through before there is another: who comes later has less claim to be on it.
_STALE_S = 1.0
_SOONEST_S = 0.05

Candidate = tuple[int, float, Client, Clients]
_IDLE, _HEADER, _BODY, _ASKING = range(4)  # the order
_PHASES = (Phase.IDLE, Phase.HEADER, Phase.BODY, Phase.IDLE)


class Room:
    """For all ports of the server. `clock` gives monotonic seconds."""

    def __init__(self, descriptors: Descriptors, clock: Callable[[], float] = time.monotonic) -> None:
        self.descriptors = descriptors
        self._clock = clock
        self._shortage = Shortage(clock)
        self._ports: list[Clients] = []
        self._queue: deque[Candidate] = deque()
        self._made = -_STALE_S

    def add(self, clients: Clients) -> None:
        """Another port."""
        self._ports.append(clients)

    def holds(self, number: int, *, favoured: bool) -> bool:
        """Whether a connection may have the descriptor of this number, so that enough are left."""
        if number < self.descriptors.line(favoured=favoured):
            return True
        self.descriptors.look()
        return number < self.descriptors.line(favoured=favoured)

    def lacks(self, *, system: bool) -> None:
        """A port lets connections wait. `system`: it is not this process's limit that is reached, but the whole system's."""
        self._shortage.waited(system=system)
        self._shortage.report(self.descriptors.limit)

    def make(self) -> bool:
        """End one connection; False where none may be. Its descriptor is free by the loop's next turn."""
        now = self._clock()
        if now - self._made >= (_STALE_S if self._queue else _SOONEST_S):
            self._queue = self._candidates(now)
            self._made = now
        while self._queue:
            rank, since, client, port = self._queue.popleft()
            if client not in port.open:
                continue
            phase = client.phase
            unchanged = phase is _PHASES[rank]
            if phase is Phase.UNREAD:
                port.wait_for(client)  # a small answer that its client does not take: nobody knew until now
            if unchanged and (phase is Phase.BODY or client.rested == since):
                port.make_room(client)
                self._shortage.closed()
                self._shortage.report(self.descriptors.limit)
                return True
        return False

    def sweep(self) -> None:
        """Once a second: give up who has had his time, and win back what was to be kept, as others than ports open files too."""
        now = self._clock()
        for port in self._ports:
            port.sweep(now)
        self.descriptors.look()
        many = any(len(port.open) > FEWEST for port in self._ports)
        if many and not self.holds(self.descriptors.next_number(), favoured=False):
            self.make()
        self._shortage.report(self.descriptors.limit)

    def _candidates(self, now: float) -> "deque[Candidate]":
        found: list[Candidate] = []
        for port in self._ports:
            awaited = port.awaited()
            idle = port.idle() + [client for client in awaited if client.phase is Phase.IDLE]
            late = now - YOUNG_S
            found += [(_IDLE if client.rested <= late else _ASKING, client.rested, client, port) for client in idle]
            found += [
                (_HEADER, client.rested, client, port)
                for client in awaited
                if client.phase is Phase.HEADER and client.rested <= late
            ]
            found += [(_BODY, since, client, port) for since, client in port.stalled(now - STALLED_S)]
        found.sort(key=itemgetter(0, 1))
        return deque(found)
