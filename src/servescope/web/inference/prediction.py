"""A request that waits for a model: takes the dispatcher's word to the exchange, and says at its end what became of it.

Made by `inference` for each prediction.
"""

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence

from msgspec import Struct

from servescope.errors import ServescopeError, ServiceUnavailable, WorkerFailed
from servescope.metrics.recording.codes import HUNG_UP
from servescope.metrics.recording.requests.outcome import Answer, RequestOutcome
from servescope.metrics.recording.requests.times import BatchTimes, stage_times
from servescope.serving.failures import failed
from servescope.serving.model import Model
from servescope.serving.queue.job import Job, Piece
from servescope.serving.queue.pieces import WAITING_LIMIT, Pieces
from servescope.tracing.spans import FinishedRequest
from servescope.tracing.tracer import RequestSpan, Tracer
from servescope.web.http.exchange import Exchange, Headers, encode_headers
from servescope.wire.frames import Buffer
from servescope.wire.messages import Request as WireRequest

logger = logging.getLogger("servescope.web")


class Prediction(Struct, eq=False):
    """The client of a job (`serving.queue.job.Client`), and the watcher of its exchange.

    `label`: the version as the client wrote it, or "default". `kind`: predict, explain or openai.
    """

    _exchange: Exchange
    _model: Model
    label: str
    kind: str
    _job: Job | None = None
    _times: BatchTimes | None = None
    _queued: bool = False
    _span: RequestSpan | None = None
    _pieces: Pieces | None = None
    _task: asyncio.Task[None] | None = None
    _left: bool = False
    _error: ServescopeError | None = None

    def trace(self, tracer: Tracer) -> list[tuple[bytes, bytes]]:
        """Begin a span. The request's headers, with a `traceparent` that names it."""
        self._span = span = tracer.begin(self._exchange.request.headers)
        return span.headers

    def submit(self, request: WireRequest, attachments: Sequence[Buffer]) -> None:
        """Queue the request.

        Raises:
            ServiceUnavailable: there is no room, or nobody to wait for.
        """
        exchange = self._exchange
        job = Job(request, attachments, self.label, exchange.began, self)
        exchange.connection.on_lost = self.lost
        self._job, self._queued = job, True
        try:
            self._model.dispatcher.submit(job)
        except ServiceUnavailable:
            self._job, self._queued = None, False
            raise

    def answered(self, status: int, headers: Mapping[str, str], body: Piece) -> None:
        """See `Client`."""
        self._let_go()
        if status == 200 and not headers:
            self._exchange.answer(200, (), body)
            return
        try:
            self._exchange.answer(_checked(status), encode_headers(headers, self._exchange.face.kept_back), body)
        except ServescopeError as error:
            self._exchange.fail(error)

    def streamed(self, status: int, headers: Mapping[str, str], piece: Piece, final: bool) -> None:
        """See `Client`."""
        if self._pieces is None:
            self._pieces = Pieces()
            try:
                sent = encode_headers(headers, self._exchange.face.kept_back)
                self._task = asyncio.create_task(self._send(_checked(status), sent))
            except ServescopeError as error:
                self._abandon()
                self._exchange.fail(error)
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
            self._exchange.fail(error)

    def lost(self) -> None:
        """The client hung up, or the front end that spoke with it has ended."""
        self._left = self._exchange.connection.lost_code == HUNG_UP
        self._abandon()
        self._exchange.close()
        if self._pieces is not None:
            self._pieces.forget()  # a long answer that nobody reads would be walked through in one turn of the loop
            self._pieces.put(None)

    def _drop_reader(self) -> None:
        """The client does not read what it asked for: it is counted as one that hung up, and what it was not sent is forgotten."""
        exchange = self._exchange
        logger.warning(
            "Request %s: its client reads too slowly, more than %d bytes wait; broken off",
            exchange.request_id,
            WAITING_LIMIT,
        )
        self.lost()
        exchange.connection.abort()

    def failing(self, error: ServescopeError) -> None:
        """See `exchange.Watcher`."""
        self._error = error

    def finished(self, code: int, size: int, ended: float) -> None:
        """See `exchange.Watcher`."""
        exchange, times, span = self._exchange, self._times, self._span
        request, requests = exchange.request, self._model.recorder.requests
        way = (request.method, exchange.route)
        unusual = span is not None or self._pieces is not None or self.kind != "predict"
        if times is not None and times.plain and code == 200 and not unusual:
            requests.finished_plainly(
                (exchange.began, ended, times, request.size, size, exchange.request_id, self.label, way)
            )
            return
        trace_id = ""
        if span is not None and (trace_id := span.trace_id):
            span.finish(self._told(code, ended))
        requests.finished(self._outcome(code, size, ended, trace_id))
        if failed(code):
            worker, lasted = times.worker if times is not None else "", ended - exchange.began
            self._model.failures.note(time.time(), code, self._error, exchange.request_id, worker, self.kind, lasted)

    def _outcome(self, code: int, size: int, ended: float, trace_id: str) -> RequestOutcome:
        exchange = self._exchange
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
        """What its span tells of it."""
        exchange, model, times = self._exchange, self._model, self._times
        request = exchange.request
        sender = exchange.observers.sender(exchange)
        scheme = sender.scheme or ("https" if exchange.connection.secure else "http")
        return FinishedRequest(
            began=exchange.began,
            ended=ended,
            status=code,
            method=request.method,
            route=exchange.route,
            path=request.path,
            model=model.name,
            version=model.version,
            request_id=exchange.request_id,
            stages=stage_times(times, exchange.began, ended, queued=self._queued),
            worker=times.worker if times is not None else "",
            batch_size=times.size if times is not None else 0,
            scheme=scheme,
            host=sender.host or request.header(b"host") or "",
            client=sender.client,
            peer=exchange.connection.client,
            user_agent=request.header(b"user-agent") or "",
            raised=self._error.raised if isinstance(self._error, WorkerFailed) else None,
        )

    def _abandon(self) -> None:
        if self._job is not None:
            self._model.dispatcher.abandon(self._job)
            self._let_go()

    def _let_go(self) -> None:
        """The job is over: they hold each other, and would be left to the garbage collector."""
        if self._job is not None:
            self._times = self._job.times
            self._job = None

    async def _send(self, status: int, headers: Headers) -> None:
        assert self._pieces is not None
        try:
            await self._exchange.stream(status, headers, aiter(self._pieces))
        except ServescopeError as error:
            self._exchange.fail(error)
        except Exception:
            logger.exception("The stream of request %s failed", self._exchange.request_id)
            self._exchange.fail(WorkerFailed("Internal server error"))


def _checked(status: int) -> int:
    if not 200 <= status <= 999:
        raise WorkerFailed(f"Invalid response status {status}")
    return status
