"""A call that waits for a model: takes the dispatcher's word to the coroutine that answers, and says at its end what became of it.

Made by `inference` for each prediction. As `web.inference.prediction` is to HTTP.
"""

import logging
from collections.abc import AsyncIterator, Mapping, Sequence

from servescope.errors import ServescopeError, ServiceUnavailable, WorkerFailed
from servescope.metrics.recording.codes import HUNG_UP
from servescope.metrics.recording.requests.outcome import Answer, RequestOutcome
from servescope.metrics.recording.requests.times import BatchTimes
from servescope.serving.model import Model
from servescope.serving.queue.job import Job, Piece
from servescope.serving.queue.pieces import WAITING_LIMIT, Pieces
from servescope.web.grpc.call import Call
from servescope.wire.frames import Buffer
from servescope.wire.messages import Request as WireRequest

logger = logging.getLogger("servescope.web")

ROUTE = "predict"


class Prediction:
    """The client of a job (`serving.queue.job.Client`), and the watcher of its call. `label`: the version that was asked for, or
    "default". `status`: what the handler says HTTP's clients shall be answered with; gRPC's do not see it, the metrics do.
    """

    def __init__(self, call: Call, model: Model, label: str) -> None:
        self.status = 200
        self._call = call
        self._model = model
        self._label = label
        self._job: Job | None = None
        self._times: BatchTimes | None = None
        self._queued = False
        self._pieces = Pieces()
        self._streamed = False
        self._first_piece: float | None = None

    def submit(self, request: WireRequest, attachments: Sequence[Buffer]) -> None:
        """Queue the request.

        Raises:
            ServiceUnavailable: there is no room, or nobody to wait for.
        """
        job = Job(request, attachments, self._label, self._call.began, self)
        self._job, self._queued = job, True
        try:
            self._model.dispatcher.submit(job)
        except ServiceUnavailable:
            self._job, self._queued = None, False
            raise

    async def pieces(self) -> AsyncIterator[Piece]:
        """The answer's pieces, one where it is whole.

        Raises:
            ServescopeError: there is no answer, or no more of it.
        """
        async for piece in self._pieces:
            yield piece

    def sent_piece(self, now: float) -> None:
        """One was handed to gRPC, at monotonic seconds."""
        if self._first_piece is None:
            self._first_piece = now

    def answered(self, status: int, headers: Mapping[str, str], body: Piece) -> None:  # noqa: ARG002  # see `Client`
        """See `Client`."""
        self._let_go()
        self.status = _checked(status)
        self._pieces.put(body)
        self._pieces.put(None)

    def streamed(self, status: int, headers: Mapping[str, str], piece: Piece, final: bool) -> None:  # noqa: ARG002
        """See `Client`."""
        if not self._streamed:
            self._streamed, self.status = True, _checked(status)
        if final:
            self._let_go()
        if not self._pieces.put(piece):
            self._drop_reader()
        elif final:
            self._pieces.put(None)

    def failed(self, error: ServescopeError) -> None:
        """See `Client`."""
        self._let_go()
        self._pieces.put(error)

    def abandon(self) -> None:
        """The client waits no more."""
        if self._job is not None:
            self._model.dispatcher.abandon(self._job)
            self._let_go()

    def _drop_reader(self) -> None:
        """The client does not read what it asked for."""
        text = "Request %s: its client reads too slowly, more than %d bytes wait; broken off"
        logger.warning(text, self._call.request_id, WAITING_LIMIT)
        self.abandon()
        self._call.left()
        self._pieces.put(WorkerFailed("The client reads too slowly; the stream is broken off", code=HUNG_UP))

    def finished(self, code: int, size: int, ended: float) -> None:
        """See `exchange.Watcher`."""
        call, left = self._call, code == HUNG_UP
        self._model.recorder.requests.finished(
            RequestOutcome(
                transport="grpc",
                route=ROUTE,
                way=("POST", call.path),
                asked=self._label,
                code=code,
                answer=self._answer(left),
                hung_up=left,
                first_piece=self._first_piece if self._streamed else None,
                arrived=call.began,
                ended=ended,
                times=self._times,
                queued=self._queued,
                received_bytes=call.received,
                sent_bytes=size,
                request_id=call.request_id,
                trace_id="",
            )
        )

    def _answer(self, left: bool) -> Answer:
        if self._streamed:
            return Answer.STREAMED if self._first_piece is not None else Answer.NONE
        return Answer.NONE if left else Answer.WHOLE

    def _let_go(self) -> None:
        """The job is over: they hold each other, and would be left to the garbage collector."""
        if self._job is not None:
            self._times = self._job.times
            self._job = None


def _checked(status: int) -> int:
    """A status that HTTP knows; for others it answers 500."""
    return status if 200 <= status <= 999 else 500
