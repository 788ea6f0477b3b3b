"""A request that waits for a model, whichever way it came: it queues, is told of its answer by the dispatcher, and says at its end
what became of it.

`inference.prediction` and `grpc.prediction` build on it, and say what only they know: how the answer leaves, and who asked.
"""

import logging
import time
from collections.abc import Mapping, Sequence
from typing import Any, Generic, Protocol, TypeVar

from msgspec import Struct

from servescope.errors import ServescopeError, ServiceUnavailable, WorkerFailed
from servescope.metrics.recording.requests.outcome import RequestOutcome
from servescope.metrics.recording.requests.times import BatchTimes, stage_times
from servescope.serving.failures import failed
from servescope.serving.model import Model
from servescope.serving.queue.job import Job, Piece
from servescope.serving.queue.pieces import WAITING_LIMIT, Pieces
from servescope.serving.readiness.health import Health
from servescope.serving.refusals import draining
from servescope.tracing.finished import FinishedRequest
from servescope.tracing.tracer import Headers, RequestSpan, Tracer
from servescope.wire.messages import Request as WireRequest
from servescope.wire.spooled.body import Attachment

logger = logging.getLogger("servescope.web")


class InHand(Protocol):
    """What is answered: an HTTP exchange, or a call of gRPC's."""

    request_id: str
    began: float


Held = TypeVar("Held", bound=InHand)


class Waiting(Struct, Generic[Held], eq=False):
    """The client of a job (`serving.queue.job.Client`), and the watcher of its exchange (`http.exchange.Watcher`).

    `label`: the version as the client wrote it, or "default". `kind`: predict, explain or openai.
    """

    _held: Held
    _model: Model
    label: str
    kind: str
    _job: Job | None = None
    _times: BatchTimes | None = None
    _queued: bool = False
    _span: RequestSpan | None = None
    _pieces: Pieces | None = None
    _left: bool = False
    _error: ServescopeError | None = None

    def enter(self, health: Health) -> None:
        """Its model is asked.

        Raises:
            ServiceUnavailable: the server is on its way out.
        """
        recorder = self._model.recorder
        recorder.request_arrived(self.label)
        if health.draining:
            recorder.rejected("draining")
            raise draining()

    def trace(self, tracer: Tracer, headers: Headers) -> list[tuple[bytes, bytes]]:
        """Begin a span. The client's headers, with a `traceparent` that names it."""
        self._span = span = tracer.begin(headers)
        return span.headers

    def failing(self, error: ServescopeError) -> None:
        """See `exchange.Watcher`."""
        self._error = error

    def submit(self, request: WireRequest, attachments: Sequence[Attachment]) -> None:
        """Queue the request.

        Raises:
            ServiceUnavailable: there is no room, or nobody to wait for.
        """
        job = Job(request, attachments, self.label, self._held.began, self)
        self._job, self._queued = job, True
        try:
            self._model.dispatcher.submit(job)
        except ServiceUnavailable:
            self._job, self._queued = None, False
            raise

    def answered(self, status: int, headers: Mapping[str, str], body: Piece) -> None:
        """See `Client`."""
        raise NotImplementedError

    def streamed(self, status: int, headers: Mapping[str, str], piece: Piece, final: bool) -> None:
        """See `Client`."""
        raise NotImplementedError

    def failed(self, error: ServescopeError) -> None:
        """See `Client`."""
        raise NotImplementedError

    def _abandon(self) -> None:
        """Nobody waits for it any more."""
        if self._job is not None:
            self._model.dispatcher.abandon(self._job)
            self._let_go()

    def _warn_of_reader(self) -> None:
        """Its client does not read what it asked for."""
        text = "Request %s: its client reads too slowly, more than %d bytes wait; broken off"
        logger.warning(text, self._held.request_id, WAITING_LIMIT)

    def _let_go(self) -> None:
        """The job is over: they hold each other, and would be left to the garbage collector."""
        if self._job is not None:
            self._times = self._job.times
            self._job = None

    def _conclude(self, code: int, size: int, ended: float) -> None:
        """Tell what became of it, and keep it where it failed. See `exchange.Watcher.finished`."""
        span, trace_id = self._span, ""
        if span is not None and (trace_id := span.trace_id):
            span.finish(self._told(code, ended))
        self._model.recorder.requests.finished(self._outcome(code, size, ended, trace_id))
        if failed(code):
            held, worker = self._held, self._times.worker if self._times is not None else ""
            lasted = ended - held.began
            self._model.failures.note(time.time(), code, self._error, held.request_id, worker, self.kind, lasted)

    def _outcome(self, code: int, size: int, ended: float, trace_id: str) -> RequestOutcome:
        """What the metrics are told."""
        raise NotImplementedError

    def _told(self, code: int, ended: float) -> FinishedRequest:
        """What its span tells of it."""
        raise NotImplementedError

    def _span_of(self, code: int, ended: float, **asked: Any) -> FinishedRequest:
        """What a span tells of every request, and what is `asked` of this; see `FinishedRequest`."""
        held, model, times = self._held, self._model, self._times
        return FinishedRequest(
            began=held.began,
            ended=ended,
            status=code,
            model=model.name,
            version=model.version,
            request_id=held.request_id,
            stages=stage_times(times, held.began, ended, queued=self._queued),
            worker=times.worker if times is not None else "",
            batch_size=times.size if times is not None else 0,
            raised=self._error.raised if isinstance(self._error, WorkerFailed) else None,
            **asked,
        )
