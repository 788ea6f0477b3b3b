"""A batch on its way through a worker: gives each reply's parts to the jobs they answer, and measures on the way.

Made by `serving.queue.dispatcher`, called by `fleet.worker.worker`.
"""

import time
from collections.abc import Callable, Sequence

from msgspec import Struct

from servescope.errors import BadRequest, ServescopeError, WorkerFailed
from servescope.fleet.worker.worker import Worker
from servescope.metrics.recording.recorder import ModelRecorder, Recorder
from servescope.metrics.recording.requests.generation import Generation
from servescope.metrics.recording.requests.times import BatchTimes
from servescope.serving.queue.job import Job
from servescope.serving.queue.notices import Notices
from servescope.wire.frames import Attachments
from servescope.wire.messages import Part, Reply, Tokens


class DispatchedBatch(Struct, eq=False):
    """Jobs that went to one worker together. `times`: when they were taken off the queue, and what came after. `written_s`: seconds
    until it was on its way to the worker. `_done` hears that it is over, `_give_back` that its worker never began on it.
    """

    id: int
    jobs: Sequence[Job]
    worker: Worker
    times: BatchTimes
    _model_recorder: ModelRecorder
    _recorder: Recorder
    _notices: Notices
    _done: Callable[["DispatchedBatch"], None]
    _give_back: Callable[["DispatchedBatch"], None]
    written_s: float = 0.0
    _piece_at: float = 0.0

    @property
    def request_ids(self) -> list[str]:
        """See `Work`."""
        return [job.request.id for job in self.jobs]

    @property
    def waits_since(self) -> float:
        """Since when its requests wait for something: since the first one's arrival, or since the last piece that came.

        Also those that nobody waits for any more, as the worker is at them all the same.
        """
        return self._piece_at or min(job.arrived for job in self.jobs)

    def replied(self, reply: Reply, attachments: Attachments) -> None:
        """See `Work`."""
        received = time.monotonic()
        final = reply.final
        if final:
            self.times.answered(reply.started, received, reply.stages, handled=reply.code == 200)
        else:
            self._piece_at = received
        if reply.tokens is not None:
            self._generated(reply, reply.tokens, received)
        if reply.code != 200:
            if reply.deliberate and len(self.jobs) > 1:
                self._notices.shared_failure(reply.message, len(self.jobs))
            self._end_with(WorkerFailed(reply.message, code=reply.code, raised=reply.raised))
            return
        for job, part in zip(self.jobs, reply.parts, strict=True):
            if part.error:
                self._refuse(job, part, final)
                continue
            data = attachments.take(part.data) if isinstance(part.data, int) else part.data
            if final and job.open and not job.streams:  # as `Job.deliver`, for nearly every answer there is
                job.open = False
                job.client.answered(part.status, part.headers, data)
            else:
                job.deliver(part.status, part.headers, data, final)
        if final:
            if not self.jobs[0].alone:
                self._model_recorder.batch_handled(self.times.prediction, self)
                # The front end's own time on this batch: all of it but the wait for the worker.
                self._recorder.worker_thread_time((self.written_s + time.monotonic() - received) * 1000)
            self._done(self)

    def _refuse(self, job: Job, part: Part, final: bool) -> None:
        """One request alone has no answer, or no more of it; what the handler still does for it is in vain."""
        if job.open:
            failed = WorkerFailed(part.error, code=part.status, raised=part.raised)
            job.fail(BadRequest(part.error) if part.mistake else failed)
            if not final:
                self.worker.cancel(self, job.request.id)

    def _generated(self, reply: Reply, tokens: Tokens, received: float) -> None:
        """A language model worked for the one request, whose client may have gone; before the client is told of it."""
        llm, times, job = self._model_recorder.llm, self.times, self.jobs[0]
        llm.tokens(tokens)
        generation = times.generation
        if generation is None:
            generation = times.generation = Generation()
        times.plain = False
        generation.gaps += len(tokens.gaps_s)
        generation.gaps_s += sum(tokens.gaps_s)
        whole = reply.final and not job.streams
        failed = reply.code != 200 or (whole and reply.parts[0].status >= 400)
        if generation.first_s is None and tokens.generation and job.open and not failed:
            at = received if not whole or tokens.first_s is None else reply.started + tokens.first_s
            generation.first_s = at - job.arrived
            llm.first_token(generation.first_s)

    def late(self, reply: Reply) -> None:
        """See `Work`. What the worker has done is counted all the same."""
        if reply.tokens is not None:
            self._model_recorder.llm.tokens(reply.tokens)

    def unread(self, lost: Sequence[tuple[int, str]]) -> None:
        """See `Work`."""
        why = dict(lost)
        given = self.jobs
        # Where none is left, a reply without parts follows, that ends them all.
        self.jobs = [job for index, job in enumerate(given) if index not in why] or given
        for index, text in lost:
            given[index].fail(WorkerFailed(f"The worker cannot read the request's body: {text}"))

    def failed(self, error: WorkerFailed) -> None:
        """See `Work`."""
        self._end_with(error)

    def returned(self) -> None:
        """See `Work`."""
        self._give_back(self)

    def _end_with(self, error: ServescopeError) -> None:
        for job in self.jobs:
            job.fail(error)
        self._done(self)
