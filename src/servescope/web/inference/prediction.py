"""A request that waits for a model: takes the dispatcher's word to the exchange, and says at its end what became of it.

Made by `inference` for each prediction.
"""

import asyncio
import logging
from collections.abc import Mapping

from servescope.errors import ServescopeError, WorkerFailed
from servescope.metrics.recording.codes import HUNG_UP
from servescope.metrics.recording.requests.outcome import Answer, RequestOutcome
from servescope.serving.queue.job import Piece
from servescope.serving.queue.pieces import Pieces
from servescope.tracing.finished import FinishedRequest
from servescope.web.http.exchange import Exchange, Headers, encode_headers
from servescope.web.inference.told import asked_by
from servescope.web.waiting import Waiting

logger = logging.getLogger("servescope.web")


class Prediction(Waiting[Exchange], eq=False):
    """See `Waiting`. Its connection must tell it (`lost`) when the client hangs up."""

    _task: asyncio.Task[None] | None = None

    def answered(self, status: int, headers: Mapping[str, str], body: Piece) -> None:
        """See `Client`."""
        if (job := self._job) is not None:  # as `_let_go`, of nearly every answer there is
            self._times, self._job = job.times, None
        if status == 200 and not headers:
            self._held.answer(200, (), body)
            return
        try:
            self._held.answer(_checked(status), encode_headers(headers, self._held.face.kept_back), body)
        except ServescopeError as error:
            self._held.fail(error)

    def streamed(self, status: int, headers: Mapping[str, str], piece: Piece, final: bool) -> None:
        """See `Client`."""
        if self._pieces is None:
            self._pieces = Pieces()
            try:
                sent = encode_headers(headers, self._held.face.kept_back)
                self._task = asyncio.create_task(self._send(_checked(status), sent))
            except ServescopeError as error:
                self._abandon()
                self._held.fail(error)
                return
        if final:
            self._let_go()
        if not self._pieces.put(piece):
            self._drop_reader()
        elif final:
            self._pieces.put(None)

    def failed(self, error: ServescopeError) -> None:
        """See `Client`."""
        self._let_go()
        if self._pieces is not None:
            self._pieces.put(error)
        else:
            self._held.fail(error)

    def lost(self) -> None:
        """The client hung up, or the front end that spoke with it has ended."""
        self._left = self._held.connection.lost_code == HUNG_UP
        self._abandon()
        self._held.close()
        if self._pieces is not None:
            self._pieces.forget()  # a long answer that nobody reads would be walked through in one turn of the loop
            self._pieces.put(None)

    def _drop_reader(self) -> None:
        """The client does not read what it asked for: it is counted as one that hung up, and what it was not sent is forgotten."""
        self._warn_of_reader()
        self.lost()
        self._held.connection.abort()

    def finished(self, code: int, size: int, ended: float) -> None:
        """See `exchange.Watcher`."""
        exchange, times = self._held, self._times
        plain = times is not None and times.plain and code == 200 and self.kind == "predict"
        if times is None or not plain or self._span is not None or self._pieces is not None:
            self._conclude(code, size, ended)
            return
        request = exchange.request
        way = (request.method, exchange.route)
        self._model.recorder.requests.finished_plainly(
            (exchange.began, ended, times, request.size, size, exchange.request_id, self.label, way)
        )

    def _outcome(self, code: int, size: int, ended: float, trace_id: str) -> RequestOutcome:
        exchange = self._held
        return RequestOutcome(
            route=self.kind,
            way=(exchange.request.method, exchange.route),
            asked=self.label,
            code=code,
            answer=Answer.STREAMED if exchange.streaming else Answer.WHOLE if exchange.started else Answer.NONE,
            hung_up=self._left,
            first_piece=exchange.first_piece,
            arrived=exchange.began,
            ended=ended,
            times=self._times,
            queued=self._queued,
            received_bytes=exchange.request.size,
            sent_bytes=size,
            request_id=exchange.request_id,
            trace_id=trace_id,
        )

    def _told(self, code: int, ended: float) -> FinishedRequest:
        """See `Waiting`."""
        return self._span_of(code, ended, **asked_by(self._held))

    async def _send(self, status: int, headers: Headers) -> None:
        assert self._pieces is not None
        try:
            await self._held.stream(status, headers, aiter(self._pieces))
        except ServescopeError as error:
            self._held.fail(error)
        except Exception:
            logger.exception("The stream of request %s failed", self._held.request_id)
            self._held.fail(WorkerFailed("Internal server error"))


def _checked(status: int) -> int:
    if not 200 <= status <= 999:
        raise WorkerFailed(f"Invalid response status {status}")
    return status
