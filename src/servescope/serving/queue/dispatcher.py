"""The queue of one model version, and the batches made of it.

`web.inference.api` submits jobs; `fleet.pool` says which worker is free; a batch goes out when it is full, or `max_batch_delay_ms`
after a free worker met its first request (TorchServe's pollBatch: one is assembled at a time). A job leaves the queue for a worker,
for an error, or because its client hung up or its deadline passed: never silently.
"""

import asyncio
import itertools
import logging
import time
from collections import deque
from typing import cast

from msgspec.structs import replace

from servescope.errors import WorkerFailed
from servescope.fleet.pool import Pool
from servescope.fleet.worker.worker import Worker
from servescope.metrics.recording.recorder import ModelRecorder, Recorder
from servescope.metrics.recording.requests.times import BatchTimes
from servescope.serving.queue.batch import DispatchedBatch
from servescope.serving.queue.free_workers import FreeWorkers
from servescope.serving.queue.gate import Gate
from servescope.serving.queue.job import Job
from servescope.serving.queue.notices import Notices
from servescope.serving.queue.queueing import QueueOptions, take_batch
from servescope.wire.frames import MAX_LENGTH, Buffer, FrameTooLarge
from servescope.wire.messages import Batch

logger = logging.getLogger("servescope.serving")
_batch_ids = itertools.count(1)


class Dispatcher:
    """Jobs in, batches out to the pool's free workers. Its length: the requests that wait for a worker. `gate`: who is refused.

    `frame_limit`: how many bytes a batch's bodies may have together.
    """

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
        self._model_recorder = model_recorder
        self._notices = Notices(name)
        self._queue: deque[Job] = deque()
        self._free = FreeWorkers()
        self._delay: asyncio.TimerHandle | None = None
        self._assembling = 0.0  # since when, while there is a delay
        self._batches: set[DispatchedBatch] = set()
        self._at_rest = asyncio.Event()
        self._at_rest.set()
        self._loop = asyncio.get_running_loop()
        self._frame_limit = frame_limit

    def __len__(self) -> int:
        return len(self._queue) - self._filling

    @property
    def in_hand(self) -> int:
        """Requests that workers are at, or that are on their way to one, or wait only for their batch to fill."""
        return sum(len(batch.jobs) for batch in self._batches) + self._filling

    @property
    def oldest_s(self) -> float:
        """How long the first of those has waited that wait for a worker, 0 where none does."""
        filling = self._filling
        return time.monotonic() - self._queue[filling].arrived if len(self._queue) > filling else 0.0

    @property
    def _filling(self) -> int:
        """How many requests have a worker, and wait only for their batch to fill: as in TorchServe, whose worker has taken them
        off the queue by then, they are not queued.
        """
        if self._delay is None or self._free.next(full=False) is None:
            return 0
        return min(len(self._queue), self.options.batch_size)

    @property
    def in_flight_oldest_s(self) -> float:
        """How long the request that waits longest, here or in a worker, has waited for its answer or its next piece; else 0."""
        now = time.monotonic()
        since = [job.arrived for job in self._queue] + [batch.waits_since for batch in self._batches]
        return now - min(since, default=now)

    def submit(self, job: Job) -> None:
        """Take a job in; its client will be told.

        Raises:
            ServiceUnavailable: the queue is full, or there is no worker to wait for.
        """
        if not self._pool.admits:
            self.gate.enter(job)
        if len(self._queue) >= self.options.capacity and len(self) >= self.options.capacity:
            raise self.gate.queue_full(job, len(self), self.in_hand, self._batches)
        if self.options.client_timeout_ms > 0:
            job.deadline = self._loop.call_later(self.options.client_timeout_ms / 1000, self._expire, job)
        self._queue.append(job)
        # A batch that is being assembled has its timer, and a partial one waits for a worker to be idle.
        if len(self._queue) >= self.options.batch_size or (self._free.idle and self._delay is None):
            self._pump()

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
            self._queue.remove(job)
            self._note_rest()
        elif batch is not None and batch.id in batch.worker.in_flight:
            batch.worker.cancel(batch, job.request.id)

    def _expire(self, job: Job) -> None:
        if job.open:
            refusal = self.gate.expired(job)
            self._withdraw(job)
            job.fail(refusal)

    def worker_free(self, worker: Worker) -> None:
        """See `PoolEvents`."""
        self._free.add(worker)
        if self._queue:
            self._pump()

    def workers_changed(self) -> None:
        """See `PoolEvents`. With nobody left to wait for, those who wait are told so."""
        if not self._pool.can_serve or self._pool.stranded:
            while self._queue:
                job = self._queue.popleft()
                job.fail(self.gate.abandoned(job))
            self._note_rest()

    def batches_of_one(self) -> None:
        """See `PoolEvents`. The engine makes its own batches, of whatever requests it has."""
        size = self.options.batch_size
        if size > 1:
            logger.warning(
                "Model %s: batchSize %d has no effect: a language model's engine forms the batches", self._name, size
            )
            self.options = replace(self.options, batch_size=1)
            self._model_recorder.batches_of_one()

    def _pump(self) -> None:
        """Send out every batch that is due."""
        size = self.options.batch_size
        while self._queue and (worker := self._next_worker()) is not None:
            if len(self._queue) < size and self.options.max_batch_delay_ms > 0 and size > 1:
                if self._delay is None:
                    self._assembling = time.monotonic()
                    self._delay = self._loop.call_later(self.options.max_batch_delay_ms / 1000, self._delay_over)
                return
            self._dispatch(worker)

    def _delay_over(self) -> None:
        if self._queue and (worker := self._next_worker()) is not None:
            self._dispatch(worker)
            self._pump()
        else:
            self._delay = None

    def _next_worker(self) -> Worker | None:
        return self._free.next(full=len(self._queue) >= self.options.batch_size)

    def _dispatch(self, worker: Worker) -> None:
        jobs = take_batch(self._queue, self.options.batch_size, self._frame_limit)
        batch = self._form(jobs, worker)
        attachments: list[Buffer] = []
        for job in jobs:
            job.work = batch
            job.times = batch.times
            attachments += job.attachments
        self._batches.add(batch)
        try:
            worker.submit(batch, Batch(batch.id, [job.request for job in jobs]), attachments)
        except FrameTooLarge as error:
            worker.take_back(batch)
            batch.failed(WorkerFailed(str(error)))
        batch.written()
        self._free.given(worker)
        if self._model_recorder.requests.behind:
            self._model_recorder.requests.behind = False  # one step a turn of the loop
            self._loop.call_soon(self._catch_up)  # what this turn has for workers goes out first

    def _catch_up(self) -> None:
        self._model_recorder.requests.catch_up(alone=self.in_hand == 1 and not self._queue)

    def _form(self, jobs: list[Job], worker: Worker) -> DispatchedBatch:
        """The batch of these jobs; whoever assembled one has done so."""
        formed = assembling = time.monotonic()
        if self._delay is not None:
            self._delay.cancel()
            self._delay = None
            assembling = self._assembling
        ahead = bool(worker.in_flight) and not worker.concurrent
        times = BatchTimes(formed, assembling, len(jobs), worker.name, ahead)
        self._model_recorder.batch_sent(len(jobs))
        tellers = (self._recorder, self._model_recorder, self._notices)
        return DispatchedBatch(next(_batch_ids), jobs, worker, times, *tellers, self._done, self._requeue)

    def _done(self, batch: DispatchedBatch) -> None:
        self._batches.discard(batch)
        self.gate.answered(batch)
        for job in batch.jobs:
            job.work = None  # they hold each other, and would be left to the garbage collector
            if job.deadline is not None:
                job.deadline.cancel()
        self._note_rest()

    def _note_rest(self) -> None:
        if not self._batches and not self._queue:
            self._at_rest.set()

    def _requeue(self, batch: DispatchedBatch) -> None:
        """Its worker ended before it began on it: its jobs come first again."""
        self._batches.discard(batch)
        for job in reversed(batch.jobs):
            job.work = job.times = None
            if job.open:
                self._queue.appendleft(job)
        self._note_rest()
        self._pump()

    async def drain(self) -> None:
        """Wait until nothing is queued or in a worker's hands."""
        while self._batches or self._queue:
            self._at_rest.clear()
            await self._at_rest.wait()
