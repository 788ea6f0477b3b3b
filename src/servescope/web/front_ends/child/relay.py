"""The app of a front end's connections: it takes each request to the owner, and the owner's answers back.

`connection` calls with what clients ask, `channel` with what the owner says. Nothing is decided here.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any, cast

import msgspec

from servescope.web.front_ends import messages as said
from servescope.web.front_ends.channel import Channel
from servescope.web.front_ends.child.awake import Awake
from servescope.web.front_ends.child.connection import RelayedConnection
from servescope.web.front_ends.child.lending import Lending
from servescope.web.front_ends.child.spares import Spares
from servescope.web.front_ends.shelf import without_large_body
from servescope.web.front_ends.written import Written
from servescope.web.http.connections.taker import Asker
from servescope.web.http.request import Request
from servescope.wire.frames import Attachments, Buffer
from servescope.wire.spooled.body import Spooled

SETTLE_S = 0.005  # so long the owner may wait for word of answers that were written, where there is nothing else to say


class Relay:
    """A `taker.App`, and what connections tell (`connection.Owner`). `written` counts for the time after this process. `awake`: how
    it waits for answers. `in_hand`: requests whose clients are there, and that the owner has not answered.

    `lending`: where large bodies go. `takes`: what is called with what the owner says, by kind. `deserted` is set while nobody is
    connected.
    """

    body_limit = 0

    def __init__(self, channel: "Channel[said.ToFrontEnd]", written: Written, lending: Lending) -> None:
        self._channel = channel
        self._written = written
        self._lending = lending
        self._spares = Spares()
        self._loop = asyncio.get_running_loop()
        self._connections: dict[int, RelayedConnection] = {}
        self.deserted = asyncio.Event()
        self.deserted.set()
        self._last = 0
        self._at: list[float] = []  # when answers were written, of which nothing was said
        self._count = 0  # of those before them
        self.in_hand = 0
        self.awake = Awake(self._loop, lambda: self.in_hand)
        self._counting = self._settling = False
        self.takes: dict[type, Callable[[Any, Attachments], None]] = {
            said.Answer: self._answer,
            said.Piece: self._piece,
            said.Ended: self._end,
            said.Begun: self._to(lambda client, message: client.start_chunks(message.head, close=message.close)),
            said.Broken: self._to(lambda client, message: client.break_off(message.words)),
            said.Told: self._to(lambda client, message: client.refuse(message.words)),
            said.Ask: self._to(lambda client, _: client.ask()),
            said.Abort: self._to(lambda client, _: client.abort()),
            said.Back: lambda message, _: self._lending.back(message.body, reusable=message.reusable),
        }

    # What connections tell.

    def begin(self, request: Request, connection: Asker) -> None:
        """See `taker.App`."""
        number = connection.number  # type: ignore[attr-defined]  # a RelayedConnection; `cast` would be a call
        beside, attachments = without_large_body(request, self._lending.put)
        if at := self._at:
            self._at = []
            self._count += len(at)
        self._channel.say(said.Asked(number, request, beside, at), attachments)
        self.in_hand = in_hand = self.in_hand + 1
        if in_hand == 1:
            self.awake.asked()

    def refuse(self, request: Request, connection: Asker) -> None:
        """See `taker.App`."""
        request.body = []
        self.say(said.Refused(cast("RelayedConnection", connection).number, request))

    def left(self, request: Request) -> None:
        """See `taker.App`."""
        beside, attachments = without_large_body(request, self._lending.put)
        self.say(said.Left(request, beside), attachments)

    def empty_body(self) -> Spooled:
        """See `connection.Owner`."""
        return self._spares.empty()

    def close(self) -> None:
        """Keep no memory for bodies to come."""
        self._spares.close()

    def joined(self, connection: RelayedConnection) -> int:
        """See `connection.Owner`."""
        self._last = number = self._last + 1
        self._connections[number] = connection
        self.deserted.clear()
        self.say(said.Joined(number, connection.client, connection.secure))
        return number

    def gone(self, connection: RelayedConnection, *, asked: bool) -> None:
        """See `connection.Owner`."""
        del self._connections[connection.number]
        self.in_hand -= asked
        if not self._connections:
            self.deserted.set()
        self.say(said.Gone(connection.number))

    def drained(self, connection: RelayedConnection) -> None:
        """See `connection.Owner`."""
        self.say(said.Drained(connection.number))

    def taken(self, connection: RelayedConnection) -> None:
        """See `connection.Owner`."""
        self.say(said.Taken(connection.number))

    def say(self, message: msgspec.Struct, attachments: Sequence[Buffer] = ()) -> None:
        """Tell the owner, and before it of the answers that were written until now: what ends after them has not cut them off."""
        if self._at:
            self._tell_written()
        self._channel.say(message, attachments)

    # What the owner says.

    def _answer(self, answer: said.Answer, attachments: Attachments) -> None:
        connection = self._connections.get(answer.connection)
        if connection is not None:
            beside = attachments.take(answer.beside) if answer.beside else None
            connection.pass_on(answer.data, beside, close=answer.close)
            self.in_hand -= 1
        self._wrote(connection)

    def _piece(self, piece: said.Piece, attachments: Attachments) -> None:
        connection, body = self._connections.get(piece.connection), piece.body
        if connection is not None:
            connection.write_chunk(attachments.take(body) if isinstance(body, int) else body)

    def _end(self, ended: said.Ended, _: Attachments) -> None:
        connection = self._connections.get(ended.connection)
        if connection is not None:
            connection.end_chunks()
            self.in_hand -= 1
        self._wrote(connection)

    def _to(self, tell: Callable[[RelayedConnection, Any], None]) -> Callable[[Any, Attachments], None]:
        """Tells a connection, where it is still there."""

        def told(message: Any, _: Attachments) -> None:
            connection = self._connections.get(message.connection)
            if connection is not None:
                tell(connection, message)

        return told

    def _wrote(self, connection: RelayedConnection | None) -> None:
        """The next answer is with the system, or with a connection that waits for its client, or its client has gone before."""
        if connection is not None and connection.unread:
            self._wait_for(connection)
            return
        self._at.append(time.monotonic())
        if not self._counting:
            self._counting = True
            self._loop.call_soon(self._tell_count)

    def _wait_for(self, connection: RelayedConnection) -> None:
        connection.behind = True
        self.say(said.Taking(connection.number, time.monotonic()))
        self._channel.flush()  # what is counted in memory and was not said would have been written
        self._count += 1
        self._written.count = self._count

    def _tell_count(self) -> None:
        """At the end of a turn of the loop, when what it wrote has gone to the system."""
        self._counting = False
        self._written.count = self._count + len(self._at)
        if self.awake.waiting:
            self.awake.answered()
        if self._at and not self._settling:
            self._settling = True
            self._loop.call_later(SETTLE_S, self._settle)

    def _settle(self) -> None:
        self._settling = False
        if self._at:
            self._tell_written()

    def _tell_written(self) -> None:
        at, self._at = self._at, []
        self._count += len(at)
        self._channel.say(said.Wrote(at))
