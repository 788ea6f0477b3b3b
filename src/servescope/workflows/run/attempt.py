"""One attempt of a node: a request to its model, as its client. In: the row. Out: an answer or an error, told to its `Asker`, and
the books.

Made by `run`. To its model it is a request like any other, whose transport is `workflow`.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from servescope.errors import RequestTimeout, ServescopeError, WorkerFailed, status_of
from servescope.metrics.recording.codes import DEADLINE, HUNG_UP
from servescope.metrics.recording.requests.outcome import Answer, RequestOutcome
from servescope.metrics.recording.requests.times import BatchTimes, stage_times
from servescope.serving.failures import failed
from servescope.serving.model import Model
from servescope.serving.queue.job import Job, Piece
from servescope.serving.queue.pieces import WAITING_LIMIT
from servescope.tracing.finished import FinishedAttempt
from servescope.tracing.tracer import RequestSpan
from servescope.wire.messages import Request as WireRequest
from servescope.workflows.run.path import Tried
from servescope.workflows.run.rows import Row, size_of

TRANSPORT = "workflow"
ROUTE = "predict"
LABEL = "default"

Headers = Sequence[tuple[bytes, bytes]]


class Asker(Protocol):
    """Who waits for it. Called once, on the loop's thread; not before `submit` has returned, unless it is refused at once."""

    def answered(self, attempt: "Attempt", body: Piece) -> None:
        """The model's answer."""

    def failed(self, attempt: "Attempt", error: ServescopeError) -> None:
        """There is none."""


class Attempt(Struct, eq=False):
    """`number`: 1 for the first of its node. `began`: monotonic seconds. `queued`: the model took it in. `outcome`: one of
    ATTEMPT_OUTCOMES, "" while it runs. `span`: what it is in a trace.
    """

    asker: Asker
    workflow: str
    node: str
    model: Model
    number: int
    request_id: str
    began: float
    span: RequestSpan | None = None
    ended: float = 0.0
    code: int = 0
    outcome: str = ""
    queued: bool = False
    times: BatchTimes | None = None
    error: ServescopeError | None = None
    _received: int = 0
    _job: Job | None = None
    _timer: asyncio.TimerHandle | None = None
    _pieces: list[bytes] = []  # msgspec gives each attempt its own
    _streamed: int = 0
    _timeout_ms: int = 0

    @property
    def tried(self) -> Tried:
        """What `path` wants to know of it."""
        return Tried(self.began, self.ended, self.times, self.queued)

    def submit(self, headers: Headers, row: Row, timeout_ms: int) -> None:
        """Ask the model. A refusal is told at once."""
        fields, attachments = row
        sent = list(self.span.headers if self.span is not None else headers)
        job = Job(WireRequest(self.request_id, sent, {}, fields), attachments, LABEL, self.began, self)
        self._received, self._job, self._timeout_ms = size_of(row), job, timeout_ms
        self.model.recorder.asked_by_workflow()
        self._timer = asyncio.get_running_loop().call_later(timeout_ms / 1000, self._expire)
        self.queued = True
        try:
            self.model.dispatcher.submit(job)
        except ServescopeError as error:
            self.queued = False
            self.failed(error)

    def answered(self, status: int, headers: Mapping[str, str], body: Piece) -> None:  # noqa: ARG002  # as in TorchServe
        """See `Client`. The status that a handler sets is the node's, and not the workflow's."""
        if self._over("ok", status, len(body)):
            self.asker.answered(self, body)

    def streamed(self, status: int, headers: Mapping[str, str], piece: Piece, final: bool) -> None:
        """See `Client`. The next node is given all pieces at once; a handler that streams without end does not fill the memory."""
        self._pieces.append(bytes(piece))
        self._streamed += len(piece)
        if self._streamed > WAITING_LIMIT and self._job is not None:
            self.model.dispatcher.abandon(self._job)
            self.failed(WorkerFailed(f"a streamed answer is larger than {WAITING_LIMIT} bytes"))
        elif final:
            self.answered(status, headers, b"".join(self._pieces))

    def failed(self, error: ServescopeError) -> None:
        """See `Client`."""
        self.error = error
        if self._over("failed", status_of(error), 0):
            self.asker.failed(self, error)

    def cancel(self) -> None:
        """Nobody waits for it any more. Does nothing once it is over."""
        if self._job is not None:
            self.model.dispatcher.abandon(self._job)
            self._over("cancelled", HUNG_UP, 0)

    def _expire(self) -> None:
        if self._job is not None:
            self.model.dispatcher.abandon(self._job)
            self.error = RequestTimeout(f"no answer within timeout-ms ({self._timeout_ms} ms)")
            self._over("timeout", DEADLINE, 0)
            self.asker.failed(self, self.error)

    def _over(self, outcome: str, code: int, sent: int) -> bool:
        """It is over: counted once, here and nowhere else. False: it was over already."""
        job, self._job = self._job, None  # they hold each other
        if job is None:
            return False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self.outcome, self.code, self.times, self.ended = outcome, code, job.times, time.monotonic()
        trace_id = self.span.trace_id if self.span is not None else ""
        if self.span is not None and trace_id:
            self.span.finish(self._told())
        self.model.recorder.requests.finished(self._books(sent, trace_id))
        if failed(code) and outcome != "cancelled":
            worker = self.times.worker if self.times is not None else ""
            lasted = self.ended - self.began
            self.model.failures.note(time.time(), code, self.error, self.request_id, worker, ROUTE, lasted)
        return True

    def _books(self, sent: int, trace_id: str) -> RequestOutcome:
        return RequestOutcome(
            route=ROUTE,
            way=None,
            asked=LABEL,
            code=self.code,
            answer=Answer.WHOLE if self.outcome == "ok" else Answer.NONE,
            hung_up=self.outcome == "cancelled",
            arrived=self.began,
            ended=self.ended,
            times=self.times,
            queued=self.queued,
            received_bytes=self._received,
            sent_bytes=sent,
            request_id=self.request_id,
            trace_id=trace_id,
            transport=TRANSPORT,
        )

    def _told(self) -> FinishedAttempt:
        """What its span tells of it."""
        times = self.times
        return FinishedAttempt(
            began=self.began,
            ended=self.ended,
            status=self.code,
            model=self.model.name,
            version=self.model.version,
            request_id=self.request_id,
            stages=stage_times(times, self.began, self.ended, queued=self.queued),
            worker=times.worker if times is not None else "",
            batch_size=times.size if times is not None else 0,
            error=self.error.type_name if self.error is not None else "",
            raised=self.error.raised if isinstance(self.error, WorkerFailed) else None,
            workflow=self.workflow,
            node=self.node,
            attempt=self.number,
            outcome=self.outcome,
        )
