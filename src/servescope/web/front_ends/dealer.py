"""Takes a port's connections from the system, and gives them to the front ends in turn, by their descriptors.

In: a listening socket. Out: descriptors on each front end's `dealt`, where they wait for its process, or for the one after it. So
no hash decides who has how many, and none that was accepted is lost when a process ends. Used by `listener` in place of an
`Acceptor`.
"""

import socket
from collections.abc import Sequence

from servescope.web.front_ends.front_end import FrontEnd
from servescope.web.front_ends.passed import send
from servescope.web.http.clients.clients import Recorder
from servescope.web.http.clients.intake import Intake
from servescope.web.http.clients.room import Room


class Dealer:
    """`front_ends` are in their order. `recorder` counts what cannot be accepted. `room`: for the moment that each is here."""

    def __init__(self, front_ends: Sequence[FrontEnd], recorder: Recorder, room: Room) -> None:
        self._front_ends = front_ends
        self._next = 0
        self._held: socket.socket | None = None  # accepted, and nobody had room for it
        self._intake = Intake(self, room, recorder)

    def start(self, bound: socket.socket) -> None:
        """See `listener.Accepting`. The front ends make their own protocols, and agree on TLS themselves."""
        self._intake.open(bound)

    def close(self) -> None:
        """See `listener.Accepting`. Connections end with the front ends."""
        self._intake.close()
        if self._held is not None:
            self._held.close()

    # What the intake asks.

    def take(self, accepted: socket.socket) -> bool:
        """See `intake.Taker`. What nobody has room for is held."""
        if self._deal(accepted):
            return True
        self._held = accepted
        self._intake.pause("error")
        return False

    def ready(self) -> bool:
        """See `intake.Taker`."""
        if self._held is not None and not self._deal(self._held):
            return False
        self._held = None
        return True

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
