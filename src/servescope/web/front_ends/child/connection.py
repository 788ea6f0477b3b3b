"""A client's connection in a front end: as in a server of one process, and the owner hears of its beginning and its end.

Made by `serving` for each that was dealt; `relay` is its app.
"""

import asyncio
from typing import Protocol

from servescope.web.http.clients.clients import Clients
from servescope.web.http.connections.connection import Connection
from servescope.web.http.connections.taker import App


class Owner(App, Protocol):
    """Who is told, besides what any app is."""

    def joined(self, connection: "RelayedConnection") -> int:
        """It is there; its number."""

    def gone(self, connection: "RelayedConnection") -> None:
        """It has ended."""

    def full(self, connection: "RelayedConnection") -> None:
        """Its client does not take what it is sent."""

    def drained(self, connection: "RelayedConnection") -> None:
        """It does again."""


class RelayedConnection(Connection):
    """See `Connection`. `number`: what the owner knows it by."""

    __slots__ = ("_owner", "number")

    def __init__(self, owner: Owner, peers: Clients) -> None:
        super().__init__(owner, peers)
        self._owner = owner
        self.number = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio."""
        super().connection_made(transport)
        self.number = self._owner.joined(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio."""
        super().connection_lost(exc)
        self._owner.gone(self)

    def pause_writing(self) -> None:
        """See asyncio."""
        super().pause_writing()
        self._owner.full(self)

    def resume_writing(self) -> None:
        """See asyncio."""
        super().resume_writing()
        self._owner.drained(self)
