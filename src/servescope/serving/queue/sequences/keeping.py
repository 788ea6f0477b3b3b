"""Begins and ends the sequences of one model version, and knows which worker has which. Held by `queue`.

In: requests that say of which sequence they are, answers that say which are over, workers that come and go, the clock. Out: each
request's place; `refuse` is called with a sequence that is over, and why, so that what waits of it is told.
"""

import asyncio
from collections.abc import Callable

from servescope.fleet.pool import Pool
from servescope.metrics.recording.batching.sequences import SequenceRecorder
from servescope.serving.queue.gate import Gate
from servescope.serving.queue.job import Job
from servescope.serving.queue.sequences.expiry import Expiry
from servescope.serving.queue.sequences.headers import Asked, SequenceHeaders
from servescope.serving.queue.sequences.lane import Lane
from servescope.serving.queue.sequences.lanes import Lanes
from servescope.serving.queue.sequences.open_sequences import OpenSequences, SequenceLimits
from servescope.serving.queue.sequences.sequence import Member, Sequence


class Keeping:
    """`limits`: how many there may be, and for how long. `lanes`: the sequences of each worker, which takes requests of `at_once`
    of them together.
    """

    def __init__(
        self,
        headers: SequenceHeaders,
        limits: SequenceLimits,
        recorder: SequenceRecorder,
        pool: Pool,
        at_once: int,
        gate: Gate,
        refuse: Callable[[Sequence, str], None],
    ) -> None:
        self.limits = limits
        self.lanes = Lanes(pool)
        self._pool = pool
        self._at_once = at_once
        self._loop = asyncio.get_running_loop()
        self._headers = headers
        self._gate = gate
        self._refuse = refuse
        self._open = OpenSequences(limits, recorder)
        self._expiry = Expiry(self._open, self._loop, self.end)
        recorder.begin(lambda: len(self._open), lambda: self._open.longest_idle_s(self._loop.time()))

    @property
    def most(self) -> int:
        """How many may be open now: as many as the workers take at once, in any case."""
        return max(self.limits.most, self._at_once * len(self._pool))

    def join(self, job: Job) -> Member:
        """The request's sequence, which may begin with it.

        Raises:
            ServiceUnavailable: as many wait of it, or as many sequences are open, as may; it was lost.
            BadRequest: its id is too long.
        """
        limit, asked = self.limits.waiting, self._headers.read(job.request)
        sequence = self._open.get(asked.id) if asked.id else None
        if sequence is not None and (lane := self.lanes.of(sequence)) is not None and lane.lost:
            self.lose(lane)
            sequence = None
        if sequence is None:
            return self._begin(job, asked)
        if len(sequence.waiting) - (not sequence.in_hand) >= limit:  # the first has its turn, and waits for the worker
            raise self._gate.sequence_full(job, limit)
        self._open.wake(sequence, self._loop.time())
        return Member(sequence, asked)

    def _begin(self, job: Job, asked: Asked) -> Member:
        most, why = self.most, self._open.take_lost(asked.id)
        if why and not asked.starts:
            raise self._gate.sequence_over(job, asked.id, why)
        if len(self._open) >= most:
            raise self._gate.too_many_sequences(job, most)
        how = asked.begins
        if not asked.id:
            asked = self._headers.name(job.request)
        sequence = self._open.begin(asked.id, self._loop.time(), how)
        self.lanes.assign(sequence)
        self._expiry.set()
        return Member(sequence, asked)

    def taken(self, member: Member) -> None:
        """Its worker is given a request; what was may be over with it, for its start, or for the end before."""
        sequence, asked = member
        if sequence.ending or (asked.starts and sequence.used):
            reason = "ended" if sequence.ending else "restarted"
            self._open.begin_anew(sequence, self._loop.time(), reason, asked.begins)
        sequence.in_hand += 1
        sequence.used, sequence.ending = True, asked.ends

    def rest(self, sequence: Sequence) -> None:
        """Nothing of it waits, and nothing is in hand: it has ended, as was asked, or its idle time begins."""
        if sequence.ending:
            self.end(sequence, "ended")
        else:
            self._open.rest(sequence, self._loop.time())
            self._expiry.set()

    def end_named(self, names: list[str]) -> None:
        """A handler says that these are over."""
        for name in names:
            if (sequence := self._open.get(name)) is not None:
                self.end(sequence, "handler")

    def end(self, sequence: Sequence, reason: str) -> None:
        """It is over; what is in hand of it is answered."""
        self._open.end(sequence, reason)
        self.lanes.leave(sequence)
        self._refuse(sequence, reason)

    def lose(self, lane: Lane) -> None:
        """What a worker remembers is gone, or goes with it."""
        reason = lane.lost
        for sequence in self.lanes.close(lane):
            sequence.told = sequence.told or bool(sequence.waiting)
            self._open.lose(sequence, reason)
            self._refuse(sequence, reason)
        self._expiry.set()
