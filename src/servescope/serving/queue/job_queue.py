"""The queue of one model version, as the rest of the server knows it: jobs in, batches out to workers, answers to whoever waits.

What makes a batch is each kind's own, chosen at registration by the model's options: `dispatcher` takes requests as they come,
`sequences` keeps those of a sequence together. Here is what all kinds share: who waits no more, and what is in workers' hands.
A job leaves a queue for a worker, for an error, or because its client hung up or its deadline passed: never silently.
"""

import asyncio
import itertools
import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Collection
from typing import cast

from msgspec.structs import replace

from servescope.errors import WorkerFailed
from servescope.fleet.pool import Pool
from servescope.fleet.worker.worker import Worker
from servescope.metrics.recording.recorder import ModelRecorder, Recorder
from servescope.metrics.recording.requests.times import BatchTimes
from servescope.serving.queue.batch import DispatchedBatch
from servescope.serving.queue.gate import Gate
from servescope.serving.queue.job import Job
from servescope.serving.queue.notices import Notices
from servescope.serving.queue.queueing import QueueOptions
from servescope.wire.frames import MAX_LENGTH, FrameTooLarge
from servescope.wire.messages import Batch
from servescope.wire.spooled.body import Attachment

logger = logging.getLogger("servescope.serving")
_batch_ids = itertools.count(1)


class JobQueue(ABC):
    """Its length: the requests that wait for a worker. `gate`: who is refused.

    `frame_limit`: how many bytes a batch's bodies may have together.
    """

    _queue: Collection[Job]  # those that are not in a batch, the first to come first

    def __init__(
        self,
        name: str,
        options: QueueOptions,
        pool: Pool,
        recorder: Recorder,
        model_recorder: ModelRecorder,
        frame_limit: int = MAX_LENGTH,
    ) -> None:
        self.options = options
        self.gate = Gate(name, options, pool, model_recorder)
        self._name = name
        self._pool = pool
        self._recorder = recorder
        self._spare = recorder.spare
        self._model_recorder = model_recorder
        self._notices = Notices(name)
        self._batches: set[DispatchedBatch] = set()
        self._at_rest = asyncio.Event()
        self._at_rest.set()
        self._loop = asyncio.get_running_loop()
        self._frame_limit = frame_limit

    @abstractmethod
    def __len__(self) -> int:
        """How many requests wait for a worker."""

    @property
    @abstractmethod
    def oldest_s(self) -> float:
        """How long the first of those has waited that wait for a worker, 0 where none does."""

    @abstractmethod
    def submit(self, job: Job) -> None:
        """Take a job in; its client will be told.

        Raises:
            ServiceUnavailable: there is no room for it, or there is no worker to wait for.
        """

    @abstractmethod
    def worker_free(self, worker: Worker) -> None:
        """See `PoolEvents`."""

    @abstractmethod
    def workers_changed(self) -> None:
        """See `PoolEvents`."""

    @abstractmethod
    def _remove(self, job: Job) -> None:
        """Take a job off the queue that waits in it."""

    @abstractmethod
    def _requeue(self, batch: DispatchedBatch) -> None:
        """Its worker ended before it began on it."""

    @property
    def capacity(self) -> int:
        """How many requests may wait for a worker."""
        return self.options.capacity

    @property
    def in_hand(self) -> int:
        """Requests that workers are at, or that are on their way to one."""
        return sum(len(batch.jobs) for batch in self._batches)

    @property
    def in_flight_oldest_s(self) -> float:
        """How long the request that waits longest, here or in a worker, has waited for its answer or its next piece; else 0."""
        now = time.monotonic()
        since = [job.arrived for job in self._queue] + [batch.waits_since for batch in self._batches]
        return now - min(since, default=now)

    def abandon(self, job: Job) -> None:
        """Its client hung up: drop it from the queue, or tell the worker."""
        if job.open:
            job.open = False
            if job.deadline is not None:
                job.deadline.cancel()
            self._withdraw(job)

    def _withdraw(self, job: Job) -> None:
        """Nobody waits for it any more: take it off the queue, or tell the worker that has it."""
        batch = cast("DispatchedBatch | None", job.work)
        if batch is None and job in self._queue:
            self._remove(job)
            self._note_rest()
        elif batch is not None and batch.id in batch.worker.in_flight:
            batch.worker.cancel(batch, job.request.id)

    def _expire(self, job: Job) -> None:
        if job.open:
            refusal = self.gate.expired(job)
            self._withdraw(job)
            job.fail(refusal)

    def batches_of_one(self) -> None:
        """See `PoolEvents`. The engine makes its own batches, of whatever requests it has."""
        size = self.options.batch_size
        if size > 1:
            logger.warning(
                "Model %s: batchSize %d has no effect: a language model's engine forms the batches", self._name, size
            )
            self.options = replace(self.options, batch_size=1)
            self._model_recorder.batches_of_one()

    def _send(self, jobs: list[Job], worker: Worker, assembling: float = 0.0) -> None:
        """Give a worker its batch. `assembling`: since when it has waited for the batch to fill, 0.0 where it has not."""
        formed, recorder = time.monotonic(), self._model_recorder
        ahead = bool(worker.in_flight) and not worker.concurrent
        times = BatchTimes(formed, assembling or formed, len(jobs), worker.name, ahead)
        recorder.batch_sent(len(jobs))
        number = next(_batch_ids)
        batch = DispatchedBatch(
            number, jobs, worker, times, recorder, self._recorder, self._notices, self._done, self._requeue
        )
        attachments: list[Attachment] = []
        for job in jobs:
            job.work = batch
            job.times = times
            if job.attachments:
                attachments += job.attachments
        self._batches.add(batch)
        try:
            worker.submit(batch, Batch(number, [job.request for job in jobs]), attachments)
        except FrameTooLarge as error:
            worker.take_back(batch)
            batch.failed(WorkerFailed(str(error)))
        batch.written_s = time.monotonic() - formed
        if self._spare.due:
            self._spare.due = False  # one step a turn of the loop
            self._loop.call_soon(self._meanwhile)  # what this turn has for workers goes out first

    def _meanwhile(self) -> None:
        few = len(self._batches) < 2 and not self._queue  # `in_hand` asks every batch
        self._spare.use(few and self.in_hand == 1)

    def _done(self, batch: DispatchedBatch) -> None:
        self._batches.discard(batch)
        times = batch.times
        if times.received:  # one without an answer tells nothing of how long it takes
            self.gate.service.took(times.received - times.formed)
        for job in batch.jobs:
            job.work = None  # they hold each other, and would be left to the garbage collector
            if job.deadline is not None:
                job.deadline.cancel()
        self._note_rest()

    def _note_rest(self) -> None:
        if not self._batches and not self._queue:
            self._at_rest.set()

    async def drain(self) -> None:
        """Wait until nothing is queued or in a worker's hands."""
        while self._batches or self._queue:
            self._at_rest.clear()
            await self._at_rest.wait()
