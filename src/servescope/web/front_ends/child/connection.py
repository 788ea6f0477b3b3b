"""A client's connection in a front end: as in a server of one process, and the owner hears of its beginning and its end.

Made by `serving` for each that was dealt; `relay` is its app.
"""

import asyncio
from typing import Protocol, cast

from servescope.web.front_ends.child.reader import SpoolingReader
from servescope.web.http.clients.clients import Clients
from servescope.web.http.clients.phase import Phase
from servescope.web.http.connections.chunks import chunk
from servescope.web.http.connections.connection import Connection
from servescope.web.http.connections.outgoing import write
from servescope.web.http.connections.taker import App
from servescope.wire.spooled.body import Spooled


class Owner(App, Protocol):
    """Who is told, besides what any app is."""

    def empty_body(self) -> Spooled:
        """Memory for a large body. Raises OSError where there is none."""

    def joined(self, connection: "RelayedConnection") -> int:
        """It is there; its number."""

    def gone(self, connection: "RelayedConnection", *, asked: bool) -> None:
        """It has ended. `asked`: with a request that the app took and has not answered."""

    def drained(self, connection: "RelayedConnection") -> None:
        """Its client takes more; after `ask`."""

    def taken(self, connection: "RelayedConnection") -> None:
        """Its client has taken an answer that it was behind with."""


class RelayedConnection(Connection):
    """See `Connection`. `number`: what the owner knows it by. `behind`: whether its client has yet to take a large answer."""

    __slots__ = ("_asked", "_owner", "behind", "number")

    def __init__(self, owner: Owner, peers: Clients) -> None:
        super().__init__(owner, peers)
        self._owner = owner
        self._asked = self.behind = False
        self.number = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio."""
        super().connection_made(transport)
        self.number = self._owner.joined(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio."""
        asked = self._answering is not None and not self._answering.status
        super().connection_lost(exc)
        self._owner.gone(self, asked=asked)

    def give_up(self, *, at_once: bool) -> None:
        """See `phase.Client`. Where its descriptor is needed, not even the owner's words are waited for."""
        if self.phase is not Phase.ANSWERING:
            super().give_up(at_once=at_once)
            if at_once:
                self.refuse(None)

    def pass_on(self, answer: bytes, beside: memoryview | None, *, close: bool) -> None:
        """As `send`, of an answer that the owner has put together, but for what lies beside it."""
        if self._answering is not None:
            self.transport.write(answer)
            if beside is not None:
                write(self.transport, beside)
            self._finish(close=close)

    def write_chunk(self, body: bytes | memoryview) -> None:
        """As `send_chunk`, of an owner that asks before it sends more than a client takes."""
        if (request := self._answering) is not None:
            write(self.transport, chunk(request, body))

    @property
    def unread(self) -> bool:
        """Whether more waits for its client than a transport holds without a word: 64 KiB; see `outgoing` for TLS."""
        return self._writable is not None

    def ask(self) -> None:
        """Say when the client takes more."""
        self._asked = self._writable is not None
        if not self._asked:
            self._owner.drained(self)

    def _read_by(self, app: App) -> SpoolingReader:
        return SpoolingReader(app.body_limit, cast("Owner", app).empty_body)

    def resume_writing(self) -> None:
        """See asyncio. The owner hears of the last answer before it is asked for the next."""
        if self.behind:
            self.behind = False
            self._owner.taken(self)
        super().resume_writing()
        if self._asked:
            self._asked = False
            self._owner.drained(self)
