"""Looks after the connections of all ports once a second: one timer for all of them. Started and stopped by `server.ports`."""

import asyncio

from servescope.web.http.clients.room import Room

EVERY_S = 1.0


class Rounds:
    """A timer on the running loop."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin, on the running loop."""
        self._timer = asyncio.get_running_loop().call_later(EVERY_S, self._go)

    def stop(self) -> None:
        """End."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _go(self) -> None:
        self.start()
        self._room.sweep()
