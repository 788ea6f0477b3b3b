"""The queue of one model version, and the batches made of it.

`web.inference.api` submits jobs; `fleet.pool` says which worker is free; a batch goes out when it is full, or `max_batch_delay_ms`
after a free worker met its first request (TorchServe's pollBatch: one is assembled at a time). `job_queue` has what it shares with
other kinds of queues.
"""

import asyncio
import time
from collections import deque

from servescope.fleet.pool import Pool
from servescope.fleet.worker.worker import Worker
from servescope.metrics.recording.recorder import ModelRecorder, Recorder
from servescope.serving.queue.batch import DispatchedBatch
from servescope.serving.queue.free_workers import FreeWorkers
from servescope.serving.queue.job import Job
from servescope.serving.queue.job_queue import JobQueue
from servescope.serving.queue.queueing import QueueOptions, take_batch
from servescope.wire.frames import MAX_LENGTH


class Dispatcher(JobQueue):
    """Jobs in, batches out to the pool's free workers, first come, first served. Of requests that have nothing to do with each
    other: what nearly all models are asked.
    """

    _queue: deque[Job]

    def __init__(
        self,
        name: str,
        options: QueueOptions,
        pool: Pool,
        recorder: Recorder,
        model_recorder: ModelRecorder,
        frame_limit: int = MAX_LENGTH,
    ) -> None:
        super().__init__(name, options, pool, recorder, model_recorder, frame_limit)
        self._queue = deque()
        self._free = FreeWorkers()
        self._delay: asyncio.TimerHandle | None = None
        self._assembling = 0.0  # since when, while there is a delay

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

    def submit(self, job: Job) -> None:
        """Take a job in; its client will be told.

        Raises:
            ServiceUnavailable: the queue is full, or there is no worker to wait for.
        """
        if not self._pool.admits:
            self.gate.enter(job)
        queue, options = self._queue, self.options
        if len(queue) >= options.capacity and len(self) >= options.capacity:
            raise self.gate.queue_full(job, len(self), self.in_hand, self._batches)
        if options.client_timeout_ms > 0:
            job.deadline = self._loop.call_later(options.client_timeout_ms / 1000, self._expire, job)
        queue.append(job)
        # A batch that is being assembled has its timer, and a partial one waits for a worker to be idle.
        if len(queue) >= options.batch_size or (self._free.idle and self._delay is None):
            self._pump()

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

    def _pump(self) -> None:
        """Send out every batch that is due."""
        size, queue, free = self.options.batch_size, self._queue, self._free
        while queue:
            full = len(queue) >= size
            worker = free.next(full=full)
            if worker is None:
                return
            if not full and self.options.max_batch_delay_ms > 0:
                if self._delay is None:
                    self._assembling = time.monotonic()
                    self._delay = self._loop.call_later(self.options.max_batch_delay_ms / 1000, self._delay_over)
                return
            self._dispatch(worker)

    def _delay_over(self) -> None:
        worker = self._free.next(full=len(self._queue) >= self.options.batch_size) if self._queue else None
        if worker is not None:
            self._dispatch(worker)
            self._pump()
        else:
            self._delay = None

    def _dispatch(self, worker: Worker) -> None:
        jobs = take_batch(self._queue, self.options.batch_size, self._frame_limit)
        if self._delay is None:
            self._send(jobs, worker)
        else:  # whoever assembled one has done so
            self._delay.cancel()
            self._delay = None
            self._send(jobs, worker, self._assembling)
        self._free.given(worker)

    def _remove(self, job: Job) -> None:
        self._queue.remove(job)

    def _requeue(self, batch: DispatchedBatch) -> None:
        """Its worker ended before it began on it: its jobs come first again."""
        self._batches.discard(batch)
        for job in reversed(batch.jobs):
            job.work = job.times = None
            if job.open:
                self._queue.appendleft(job)
        self._note_rest()
        self._pump()
