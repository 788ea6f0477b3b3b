"""The queue of a model that keeps sequences together: one request of each at a time, each at the worker that knows the others.

A sequence begins with its first request, and has its worker from then on: of those at work the one with the fewest. A batch has one
request of each of several sequences; it goes when it is full, or `max_batch_delay_ms` after the first could have gone. `overlaps`:
a handler that takes requests any time is given the next one of a sequence while it streams the answer to the one before.
TorchServe's wlm/SequenceBatching and SequenceContinuousBatching, but that nothing waits for a sequence that is over.
"""

import time
from collections import deque

from servescope.fleet.pool import Pool
from servescope.fleet.worker.worker import Worker
from servescope.metrics.recording.recorder import ModelRecorder, Recorder
from servescope.serving.queue.batch import DispatchedBatch
from servescope.serving.queue.job import Job
from servescope.serving.queue.job_queue import JobQueue
from servescope.serving.queue.queueing import QueueOptions, weight
from servescope.serving.queue.sequences.handlers_word import HandlersWord
from servescope.serving.queue.sequences.headers import SequenceHeaders
from servescope.serving.queue.sequences.keeping import Keeping
from servescope.serving.queue.sequences.lane import Lane
from servescope.serving.queue.sequences.open_sequences import SequenceLimits
from servescope.serving.queue.sequences.sequence import Member, Sequence
from servescope.wire.frames import MAX_LENGTH


class SequenceQueue(JobQueue):
    """Of one model version. Requests that stand `alone`, as a description of the model does, belong to no sequence."""

    _queue: dict[Job, Member | None]

    def __init__(
        self,
        name: str,
        options: QueueOptions,
        limits: SequenceLimits,
        headers: SequenceHeaders,
        pool: Pool,
        recorder: Recorder,
        model_recorder: ModelRecorder,
        frame_limit: int = MAX_LENGTH,
        *,
        overlaps: bool = False,
    ) -> None:
        super().__init__(name, options, pool, recorder, model_recorder, frame_limit)
        self._queue = {}
        self._members: dict[Job, Member] = {}  # those that workers have
        self._alone: deque[Job] = deque()
        self._headers = headers
        self._overlaps = overlaps
        sequences, at_once = model_recorder.batching.sequences, options.batch_size
        self._kept = Keeping(headers, limits, sequences, pool, at_once, self.gate, self._refuse_rest)
        self._lanes = self._kept.lanes

    def __len__(self) -> int:
        return len(self._queue)

    @property
    def capacity(self) -> int:
        """See `JobQueue`: of each sequence that may be open, that whose turn it is, and those that may wait behind it."""
        return self._kept.most * (self._kept.limits.waiting + 1)

    @property
    def oldest_s(self) -> float:
        """See `JobQueue`."""
        first = next(iter(self._queue), None)
        return time.monotonic() - first.arrived if first is not None else 0.0

    def submit(self, job: Job) -> None:
        """Take a job in; its client will be told.

        Raises:
            ServiceUnavailable: as many wait of its sequence, or as many sequences are open, as may; its sequence was lost;
                there is no worker to wait for.
            BadRequest: its id is too long.
        """
        if not self._pool.admits:
            self.gate.enter(job)
        member = None if job.alone else self._kept.join(job)
        if member is None and len(self._alone) >= self.options.capacity:
            raise self.gate.queue_full(job, len(self), self.in_hand, self._batches)
        if self.options.client_timeout_ms > 0:
            job.deadline = self._loop.call_later(self.options.client_timeout_ms / 1000, self._expire, job)
        self._queue[job] = member
        if member is None:
            self._alone.append(job)
            self._send_alone()
            return
        job.client = HandlersWord(job.client, member.sequence, self._headers, self._kept.end_named)
        member.sequence.waiting.append(job)
        self._line_up(member.sequence)

    def _line_up(self, sequence: Sequence) -> None:
        """It may be given to its worker, if it has a request whose turn it is."""
        lane = self._lanes.of(sequence)
        if lane is not None and sequence.waiting and (self._overlaps or not sequence.in_hand):
            lane.join(sequence)
            self._pump(lane)

    def worker_free(self, worker: Worker) -> None:
        """See `PoolEvents`."""
        lane = self._lanes.at(worker)
        if lane is not None and lane.lost:
            self._kept.lose(lane)
        for sequence in self._lanes.welcome(worker):
            self._line_up(sequence)
        self._send_alone()
        if (lane := self._lanes.at(worker)) is not None:
            self._pump(lane)

    def workers_changed(self) -> None:
        """See `PoolEvents`. With nobody left to wait for, those who wait are told so."""
        for lane in self._lanes.lost():
            self._kept.lose(lane)
        if not self._pool.can_serve or self._pool.stranded:
            for job in list(self._queue):
                self._remove(job)
                job.fail(self.gate.abandoned(job))
            self._note_rest()

    def _send_alone(self) -> None:
        while self._alone and (lane := self._lanes.first_free()) is not None:
            job = self._alone.popleft()
            del self._queue[job]
            self._send([job], lane.worker)

    def _pump(self, lane: Lane) -> None:
        """Send out every batch that is due."""
        size, delay_ms = self._size, self.options.max_batch_delay_ms
        while lane.line and lane.free:
            if len(lane.line) < size and delay_ms > 0 and size > 1:
                if lane.delay is None:
                    lane.assembling = time.monotonic()
                    lane.delay = self._loop.call_later(delay_ms / 1000, self._delay_over, lane)
                return
            self._send(self._taken(lane, size), lane.worker, lane.filled())

    @property
    def _size(self) -> int:
        """Requests of a batch: of a running batch, which others join at each step, one."""
        return 1 if self._overlaps else self.options.batch_size

    def _delay_over(self, lane: Lane) -> None:
        if lane.line and lane.free:
            self._send(self._taken(lane, self._size), lane.worker, lane.filled())
            self._pump(lane)
        else:
            lane.delay = None

    def _taken(self, lane: Lane, size: int) -> list[Job]:
        """The first request of each of the first sequences in line, as far as their bodies fit one frame together."""
        jobs: list[Job] = []
        room = self._frame_limit
        while lane.line and len(jobs) < size:
            sequence = lane.line[0]
            room -= weight(sequence.waiting[0])
            if jobs and room < 0:
                break
            lane.leave(sequence)
            jobs.append(self._take(sequence))
            if self._overlaps and sequence.waiting:
                lane.join(sequence)
        return jobs

    def _take(self, sequence: Sequence) -> Job:
        job = sequence.waiting.popleft()
        member = self._queue.pop(job)
        assert member is not None
        self._kept.taken(member)
        self._members[job] = member
        return job

    def _done(self, batch: DispatchedBatch) -> None:
        super()._done(batch)
        for job in batch.jobs:
            if (member := self._members.pop(job, None)) is not None:
                self._over(member, answered=batch.times.received > 0.0)

    def _over(self, member: Member, *, answered: bool) -> None:
        """A worker has no longer a request that it had."""
        sequence = member.sequence
        sequence.in_hand -= 1
        if answered:  # so the worker lives, whatever it told
            sequence.told = False
        if sequence.over:
            return
        if sequence.waiting:
            self._line_up(sequence)
        elif not sequence.in_hand:
            self._kept.rest(sequence)

    def _refuse_rest(self, sequence: Sequence, reason: str) -> None:
        for job in list(sequence.waiting):
            self._remove(job)
            if job.deadline is not None:
                job.deadline.cancel()
            job.fail(self.gate.sequence_over(job, sequence.id, reason))
        self._note_rest()

    def _remove(self, job: Job) -> None:
        member = self._queue.pop(job)
        if member is None:
            self._alone.remove(job)
            return
        sequence = member.sequence
        sequence.waiting.remove(job)
        if not sequence.waiting and not sequence.over:
            if (lane := self._lanes.of(sequence)) is not None:
                lane.leave(sequence)
            if not sequence.in_hand:
                self._kept.rest(sequence)

    def _requeue(self, batch: DispatchedBatch) -> None:
        """Its worker ended before it began on it, and what it remembered is gone: `workers_changed` says so to those who wait."""
        self._batches.discard(batch)
        for job in reversed(batch.jobs):
            job.work = job.times = None
            member = self._members.pop(job, None)
            if not job.open:
                continue
            self._queue[job] = member
            if member is None:
                self._alone.appendleft(job)
            else:
                member.sequence.in_hand -= 1
                member.sequence.waiting.appendleft(job)
        self._note_rest()
