"""The sequences of one model version that have not ended, and when they will if nobody does anything. Pure.

In: the clock's time with each call, from `queue`. Out: which are over, and why. The series are those of
`metrics.recording.batching`.
"""

import math
from collections import deque
from collections.abc import Iterator

from msgspec import Struct

from servescope.metrics.recording.batching.sequences import SequenceRecorder
from servescope.serving.queue.sequences.sequence import Sequence

_LEAST_LOST = 10_000  # to be remembered, where fewer may be open


class SequenceLimits(Struct, frozen=True):
    """`idle_s`: how long one may be idle; `age_s`: how old it may be, 0.0: any age. `most`: how many may be open; `waiting`: how
    many requests of one may wait.
    """

    idle_s: float
    age_s: float
    most: int
    waiting: int


class OpenSequences:
    """By their ids. Its length: how many there are."""

    def __init__(self, limits: SequenceLimits, recorder: SequenceRecorder) -> None:
        self.limits = limits
        self._recorder = recorder
        self._open: dict[str, Sequence] = {}  # the oldest first
        self._idle: dict[Sequence, None] = {}  # idle for longest first
        self._most_lost = max(_LEAST_LOST, limits.most)
        self._lost: dict[str, str] = {}  # ended without anybody's being told, and why

    def __len__(self) -> int:
        return len(self._open)

    def __iter__(self) -> Iterator[Sequence]:
        return iter(list(self._open.values()))

    def get(self, name: str) -> Sequence | None:
        """The one of this id."""
        return self._open.get(name)

    def begin(self, name: str, now: float, how: str) -> Sequence:
        """A new one; `how`: one of BEGINNINGS."""
        self._lost.pop(name, None)
        sequence = self._open[name] = Sequence(name, now, deque())
        self._recorder.begun(how)
        return sequence

    def begin_anew(self, sequence: Sequence, now: float, reason: str, how: str) -> None:
        """What was has ended, for this reason, and the next of its requests begins another of the same id, at the same worker."""
        self._recorder.ended(reason)
        self._recorder.begun(how)
        sequence.began = now
        self._open[sequence.id] = self._open.pop(sequence.id)  # it is the youngest now

    def lose(self, sequence: Sequence, reason: str) -> None:
        """End it, as what its worker remembered is gone; its next request is to be told so, unless one was told already."""
        self.end(sequence, reason)
        if not sequence.told:
            self._lost[sequence.id] = reason
            if len(self._lost) > self._most_lost:
                del self._lost[next(iter(self._lost))]

    def take_lost(self, name: str) -> str:
        """Why one was lost that nobody has been told of yet, "" where there is none of this id."""
        return self._lost.pop(name, "")

    def end(self, sequence: Sequence, reason: str) -> None:
        """It is over, for one of SEQUENCE_ENDS."""
        sequence.over = True
        del self._open[sequence.id]
        self._idle.pop(sequence, None)
        self._recorder.ended(reason)

    def rest(self, sequence: Sequence, now: float) -> None:
        """Nothing of it waits, and nothing is in hand."""
        sequence.idle_since = now
        self._idle[sequence] = None

    def wake(self, sequence: Sequence, now: float) -> None:
        """A request of it came."""
        if sequence.idle_since is not None:
            self._recorder.idle(now - sequence.idle_since)
            sequence.idle_since = None
            del self._idle[sequence]

    def longest_idle_s(self, now: float) -> float:
        """Of those that are idle, 0 where none is."""
        first = next(iter(self._idle), None)
        return now - first.idle_since if first is not None and first.idle_since is not None else 0.0

    def due_at(self) -> float:
        """When the next is over if nothing happens; infinite where none will be."""
        return min((at for _, at, _ in self._next()), default=math.inf)

    def overdue(self, now: float) -> Iterator[tuple[Sequence, str]]:
        """Those whose time is over, and whether that is for idleness or for age; to be ended before the next is asked for."""
        while due := [(sequence, why) for sequence, at, why in self._next() if at <= now]:
            yield due[0]

    def _next(self) -> Iterator[tuple[Sequence, float, str]]:
        idle = next(iter(self._idle), None)
        if idle is not None and idle.idle_since is not None:
            yield idle, idle.idle_since + self.limits.idle_s, "idle"
        oldest = next(iter(self._open.values()), None)
        if oldest is not None and self.limits.age_s:
            yield oldest, oldest.began + self.limits.age_s, "timeout"
