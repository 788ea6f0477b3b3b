"""A batch on its way through a worker: gives each reply's parts to the jobs they answer, and measures on the way.

Made by `serving.queue.dispatcher`, called by `fleet.worker.worker`.
"""

import time
from collections.abc import Callable, Sequence

from servescope.errors import ServescopeError, WorkerFailed
from servescope.fleet.worker.worker import Worker
from servescope.metrics.recording.recorder import ModelRecorder, Recorder
from servescope.metrics.recording.requests.generation import Generation
from servescope.metrics.recording.requests.times import BatchTimes
from servescope.serving.queue.job import Job
from servescope.wire.frames import Attachments
from servescope.wire.messages import Part, Reply, Tokens


class DispatchedBatch:
    """Jobs that went to one worker together. `times`: when they were taken off the queue, and what came after."""

    __slots__ = (
        "_done",
        "_give_back",
        "_model_recorder",
        "_piece_at",
        "_recorder",
        "_written_s",
        "id",
        "jobs",
        "times",
        "worker",
    )

    def __init__(
        self,
        batch_id: int,
        jobs: Sequence[Job],
        worker: Worker,
        times: BatchTimes,
        recorder: Recorder,
        model_recorder: ModelRecorder,
        done: Callable[["DispatchedBatch"], None],
        give_back: Callable[["DispatchedBatch"], None],
    ) -> None:
        self.id = batch_id
        self.jobs = jobs
        self.worker = worker
        self.times = times
        self._recorder = recorder
        self._model_recorder = model_recorder
        self._done = done
        self._give_back = give_back
        self._written_s = 0.0
        self._piece_at = 0.0

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

    def written(self) -> None:
        """It is on its way to the worker."""
        self._written_s = time.monotonic() - self.times.formed

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
                self._measure(received)
            self._done(self)

    def _refuse(self, job: Job, part: Part, final: bool) -> None:
        """One request alone has no answer, or no more of it; what the handler still does for it is in vain."""
        if job.open:
            job.fail(WorkerFailed(part.error, code=part.status))
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

    def _measure(self, received: float) -> None:
        self._model_recorder.batch_handled(self.times.prediction, self)
        # The front end's own time on this batch: all of it but the wait for the worker.
        self._recorder.worker_thread_time((self._written_s + time.monotonic() - received) * 1000)

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
