"""A call that waits for a model: takes the dispatcher's word to the coroutine that answers, and says at its end what became of it.

Made by `admission` for each prediction. As `web.inference.prediction` is to HTTP.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping

from msgspec import field

from servescope.errors import ServescopeError, WorkerFailed
from servescope.metrics.recording.codes import HUNG_UP
from servescope.metrics.recording.requests.outcome import Answer, RequestOutcome
from servescope.serving.queue.job import Piece
from servescope.serving.queue.pieces import Pieces
from servescope.tracing.finished import FinishedRequest
from servescope.web.grpc.call import Call
from servescope.web.waiting import Waiting

_NO_HEADERS: Mapping[str, str] = {}


class Prediction(Waiting[Call], eq=False):
    """See `Waiting`.

    `status`: what the handler says HTTP's clients shall be answered with; gRPC's do not see it, the metrics do. `last`, `headers`:
    the whole answer, or the end of a streamed one, and what the handler says of it. `streams`: it comes in pieces.
    """

    status: int = 200
    _begun: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    last: Piece = b""
    headers: Mapping[str, str] = _NO_HEADERS
    _first_piece: float | None = None

    @property
    def streams(self) -> bool:
        """Whether it is answered in pieces; known once it has begun."""
        return self._pieces is not None

    async def begun(self) -> None:
        """Wait for the answer, or for its first piece.

        Raises:
            ServescopeError: there is none.
        """
        await self._begun

    async def pieces(self) -> AsyncIterator[Piece]:
        """The answer's pieces before `last`, which is there when they end; none where it is whole.

        Raises:
            ServescopeError: there is no answer, or no more of it.
        """
        await self.begun()
        if self._pieces is not None:
            async for piece in self._pieces:
                yield piece

    async def whole(self, limit: int) -> Piece:
        """The answer, of at most `limit` bytes; its pieces are joined, as HTTP's clients join them.

        Raises:
            ServescopeError: there is none, or it is larger.
        """
        await self._begun
        if self._pieces is None:
            return self.last
        found, size = [], 0
        async for piece in self._pieces:
            found.append(piece)
            if (size := size + len(piece)) + len(self.last) > limit:
                self.abandon()
                raise WorkerFailed(
                    f"an answer of more than {size} bytes in pieces; max_response_size is {limit}", code=500
                )
        return b"".join([*found, self.last])

    def sent_piece(self, now: float) -> None:
        """One was handed to gRPC, at monotonic seconds."""
        if self._first_piece is None:
            self._first_piece = now

    def answered(self, status: int, headers: Mapping[str, str], body: Piece) -> None:
        """See `Client`."""
        self._let_go()
        self.status, self.headers, self.last = _checked(status), headers, body
        self._begin()

    def streamed(self, status: int, headers: Mapping[str, str], piece: Piece, final: bool) -> None:
        """See `Client`."""
        if self._pieces is None:
            self._pieces, self.status = Pieces(), _checked(status)
            self._begin()
        if final:
            self._let_go()
            self.last, self.headers = piece, headers
            self._pieces.put(None)
        elif not self._pieces.put(piece):
            self._drop_reader()

    def failed(self, error: ServescopeError) -> None:
        """See `Client`."""
        self._let_go()
        if self._pieces is not None:
            self._pieces.put(error)
        else:
            self._begin(error)

    def abandon(self) -> None:
        """The client waits no more."""
        self._abandon()
        if self._begun.done() and not self._begun.cancelled():
            self._begun.exception()  # nobody is to be told that nobody asked for it

    def _begin(self, error: ServescopeError | None = None) -> None:
        """Wake whoever waits for the answer, unless it was cancelled."""
        begun = self._begun
        if begun.done():
            return
        if error is None:
            begun.set_result(None)
        else:
            begun.set_exception(error)

    def _drop_reader(self) -> None:
        """The client is counted as one that hung up, and what it was not sent is forgotten."""
        assert self._pieces is not None
        self._warn_of_reader()
        self.abandon()
        self._held.left()
        self._pieces.put(WorkerFailed("The client reads too slowly; the stream is broken off", code=HUNG_UP))

    def finished(self, code: int, size: int, ended: float) -> None:
        """See `exchange.Watcher`."""
        times = self._times
        self._left = code == HUNG_UP
        if times is None or not times.plain or code != 200 or self._span is not None or self._pieces is not None:
            self._conclude(code, size, ended)
            return
        call = self._held
        self._model.recorder.requests.called_plainly(
            (call.began, ended, times, call.received, size, call.request_id, self.label, call.method.way)
        )

    def _outcome(self, code: int, size: int, ended: float, trace_id: str) -> RequestOutcome:
        call = self._held
        return RequestOutcome(
            transport="grpc",
            route=self.kind,
            way=call.method.way,
            asked=self.label,
            code=code,
            answer=self._answer(),
            hung_up=self._left,
            first_piece=self._first_piece,
            arrived=call.began,
            ended=ended,
            times=self._times,
            queued=self._queued,
            received_bytes=call.received,
            sent_bytes=size,
            request_id=call.request_id,
            trace_id=trace_id,
        )

    def _told(self, code: int, ended: float) -> FinishedRequest:
        call = self._held
        return self._span_of(
            code,
            ended,
            method="POST",
            route=call.path,
            path=call.path,
            rpc=call.method.name,
            rpc_status=call.status.value[0],
            client=call.client,
            peer=call.peer,
            user_agent=call.said("user-agent") or "",
        )

    def _answer(self) -> Answer:
        if self._first_piece is not None and self.streams:
            return Answer.STREAMED
        return Answer.NONE if self._left else Answer.WHOLE


def _checked(status: int) -> int:
    """A status that HTTP knows; for others it answers 500."""
    return status if 200 <= status <= 999 else 500
