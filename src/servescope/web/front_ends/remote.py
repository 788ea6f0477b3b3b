"""A client's connection, and a request of it in hand, as the owner sees them: the connection itself is in a front end.

Made by `desk` for each connection; the port's app answers through it (`taker.Asker`). An answer is only over when its front end
says that it was handed to the system: until then its `RemoteExchange` waits, and ends as lost should the connection go first. A
client that goes while it takes a large one has been answered, as with one process; a front end that does so has lost it.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import cast

from servescope.metrics.recording.codes import HUNG_UP
from servescope.web.front_ends.channel import Channel
from servescope.web.front_ends.messages import (
    Abort,
    Answer,
    Ask,
    Begun,
    Broken,
    Ended,
    FromFrontEnd,
    Piece,
    Told,
    placed,
)
from servescope.web.http.connections.endings import CLOSES, STAYS
from servescope.web.http.connections.taker import Asker
from servescope.web.http.exchange import Exchange, Observers
from servescope.web.http.request import Request
from servescope.web.http.request_id import given_or_new_id
from servescope.wire.frames import INLINE_LIMIT

# Bytes of a stream's pieces that a front end has, at most, before its client is known to take more: as many as a loop would take.
MOST_AHEAD = 64 * 1024


class RemoteConnection:
    """See `taker.Asker`. `channel`: to its front end. `unsaid`: the exchanges whose answers that one was given, in order, and has
    not said to be written. `on_taken` is called once, when its client has taken a large answer.
    """

    __slots__ = (
        "_ahead", "_channel", "_drained", "_gone", "client", "lost_code", "number", "on_lost", "on_taken", "secure", "unsaid",
    )  # fmt: skip

    def __init__(
        self,
        channel: Channel[FromFrontEnd],
        unsaid: "deque[RemoteExchange]",
        number: int,
        client: tuple[str, int] | None,
        *,
        secure: bool,
    ) -> None:
        self.number = number
        self.client = client
        self.secure = secure
        self.lost_code = HUNG_UP
        self.on_lost: Callable[[], None] | None = None
        self.on_taken: Callable[[], None] | None = None
        self._channel = channel
        self.unsaid = unsaid
        self._gone = False
        self._ahead = 0  # bytes of pieces since the client was last known to take more
        self._drained: asyncio.Event | None = None

    def send(self, head: Sequence[bytes], body: bytes | memoryview, *, close: bool) -> float:
        """See `taker.Asker`. When it went, the front end will say: it has not, yet."""
        ending = CLOSES if close else STAYS
        if len(body) > INLINE_LIMIT:
            self._channel.say(Answer(self.number, b"".join((*head, ending)), len(body), close), (body,))
        else:
            self._channel.say(Answer(self.number, b"".join((*head, ending, body)), 0, close))
        return 0.0

    def start_chunks(self, head: bytes, *, close: bool) -> None:
        """See `taker.Asker`."""
        self._channel.say(Begun(self.number, head, close))

    async def send_chunk(self, body: bytes | memoryview) -> int:
        """See `taker.Asker`. A front end that does not listen is waited for as a client is."""
        if self._drained is not None:
            await self._drained.wait()
        if not self._channel.writable.is_set():
            await self._channel.writable.wait()
        if self._gone:  # nobody would say any more that the client takes more
            return 0
        data, attachments = placed(body)
        self._channel.say(Piece(self.number, data), attachments)
        self._ahead += len(body)
        if self._ahead >= MOST_AHEAD and self._drained is None:
            self._drained = asyncio.Event()
            self._channel.say(Ask(self.number))
        return len(body)

    def end_chunks(self) -> None:
        """See `taker.Asker`."""
        self._channel.say(Ended(self.number))

    def break_off(self, words: bytes) -> None:
        """See `taker.Asker`."""
        self.on_lost = None
        self._channel.say(Broken(self.number, words))

    def refuse(self, told: tuple[bytes, bytes] | None) -> None:
        """See `taker.Asker`."""
        self._channel.say(Told(self.number, told))

    def abort(self) -> None:
        """See `taker.Asker`."""
        self._channel.say(Abort(self.number))

    def drained(self) -> None:
        """The client takes more."""
        self._ahead = 0
        if self._drained is not None:
            self._drained.set()
            self._drained = None

    def taken(self) -> None:
        """The client has taken the answer."""
        if self.on_taken is not None:
            on_taken, self.on_taken = self.on_taken, None
            on_taken()

    def lost(self, code: int = HUNG_UP) -> None:
        """It has ended. `code`: what a request of it is counted with that is in hand."""
        self.lost_code = code
        self._gone = True
        self.drained()
        if code == HUNG_UP:  # while it took an answer: it counts as with one process, where it is over
            self.taken()
        if self.on_lost is not None:
            on_lost, self.on_lost = self.on_lost, None
            on_lost()


class RemoteExchange(Exchange):
    """A request in hand whose client is a front end's. `code`: of an answer that is on its way, 0 where none is."""

    code: int = 0

    def leave(self) -> bool:
        """The answer was handed to the system: the connection is free for the next. False: it was over before."""
        if not self.code:
            return False
        self.connection.on_lost = None
        return True

    def written(self, at: float) -> None:
        """Close the books of one that has left; when its answer was handed to the system, monotonic seconds."""
        code, self.code = self.code, 0
        self._close_books(code, at, logged=True)

    def taking(self, at: float) -> None:
        """The answer was handed to the connection, but waits there for its client; monotonic seconds."""
        if self.code:
            cast("RemoteConnection", self.connection).on_taken = partial(self._taken, at)

    def close(self) -> None:
        """See `Exchange`. An answer that was on its way has not come to its client."""
        if self.code:
            self.code = 0
            self.open = True
            self.started = self.streaming
        super().close()

    def _taken(self, at: float) -> None:
        if self.leave():
            self.written(at)

    def _finish(self, code: int, ended: float, *, logged: bool) -> None:
        if logged and self.open:
            self.open = False
            self.code = code
            if self.request.size > INLINE_LIMIT:
                self.request.body = []  # at once: the front end can use its memory again
            connection: RemoteConnection = self.connection  # type: ignore[assignment]  # as `begin_remote` is only given those
            connection.unsaid.append(self)
            if connection.on_lost is None:
                connection.on_lost = self.close
        else:
            super()._finish(code, ended, logged=logged)


def begin_remote(observers: Observers, request: Request, connection: Asker, listener: str) -> RemoteExchange:
    """As `Observers.begin`, of a request that a front end has read."""
    observers.open += 1
    return RemoteExchange(
        request, connection, observers, given_or_new_id(request.request_id), request.received, listener
    )
