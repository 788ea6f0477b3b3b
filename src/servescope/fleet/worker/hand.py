"""What a worker has in hand: its batches, since when the time of each counts, and for how long there were any.

Held by `fleet.worker.worker`, which decides what is done about a batch that is over its time. One timer watches all batches,
and is set again only when it fires: none is made or cancelled per request.
"""

import asyncio
import time
from collections.abc import Callable

from servescope.fleet.worker.work import Work
from servescope.wire.messages import Unread


def _nobodys(_work: Work) -> bool:
    """The worker has gone."""
    return False


class Hand:
    """`batches` are those in hand by id, each with the moment since when its time counts, on the loop's clock: when it was taken,
    or a piece of its answer came; where they take turns, not before its turn. Changed here alone.

    `timeout_s` bounds a batch, and the time between two pieces of one. `overdue` hears of each that is over its time, and says
    whether the worker goes on. `concurrent`: all are worked on; else only the first, and the others wait for their turn.
    """

    def __init__(self, timeout_s: float, overdue: Callable[[Work], bool]) -> None:
        self.timeout_s = timeout_s
        self.concurrent = False
        self.batches: dict[int, tuple[Work, float]] = {}
        self._overdue = overdue
        self._turn = 0.0  # since when it is the turn of the first
        self._extended: dict[int, float] = {}  # until when, by id
        self._busy_s = 0.0
        self._busy_since: float | None = None
        self._watch: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()
        self._time = self._loop.time

    @property
    def busy_s(self) -> float:
        """For how many seconds, up to now, there has been a batch in hand."""
        return self._busy_s if self._busy_since is None else self._busy_s + time.monotonic() - self._busy_since

    @property
    def request_ids(self) -> list[str]:
        """The requests of all batches."""
        return [request_id for work, _ in self.batches.values() for request_id in work.request_ids]

    @property
    def batch_s(self) -> float:
        """For how many seconds the worker has been at a batch, of several the one whose time has counted longest; 0 when idle."""
        now = self._time()
        return max((now - since for _, since in self._worked_on()), default=0.0)

    def take(self, work: Work) -> None:
        """One more batch."""
        if not self.batches:
            self._busy_since = time.monotonic()
        now = self._time()
        self.batches[work.id] = (work, now)
        if self._watch is None:
            self._watch = self._loop.call_at(now + self.timeout_s, self._check)

    def renew(self, work: Work) -> None:
        """A piece of its answer came: its time counts from here."""
        self.batches[work.id] = (work, self._time())

    def extend(self, work: Work, seconds: float) -> None:
        """It has so many seconds from now. To be called by `overdue` alone: the timer is set after it."""
        self._extended[work.id] = self._time() + seconds

    def unread(self, told: Unread) -> None:
        """The worker goes on without some requests of a batch."""
        if (entry := self.batches.get(told.batch_id)) is not None:
            entry[0].unread(told.lost)

    def drop(self, work: Work) -> None:
        """It is over. The next has its turn now, where they take turns, and its time counts from here."""
        batches = self.batches
        batches.pop(work.id, None)
        if self._extended:
            self._extended.pop(work.id, None)
        if batches:
            self._turn = self._time()
        else:
            self._note_idle()

    def forget(self, work: Work) -> None:
        """It never was in hand."""
        self.batches.pop(work.id, None)
        if not self.batches:
            self._note_idle()

    def drop_all(self) -> list[Work]:
        """All are over; what they were."""
        works = [work for work, _ in self.batches.values()]
        self.batches.clear()
        self._extended.clear()
        self._note_idle()
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        return works

    def part(self) -> None:
        """Its worker has gone for good: hold it no longer, so that it goes at once and not when the garbage is next collected."""
        self._overdue = _nobodys

    def _note_idle(self) -> None:
        if self._busy_since is not None:
            self._busy_s += time.monotonic() - self._busy_since
            self._busy_since = None

    def _check(self) -> None:
        self._watch = None
        now = self._time()
        for work, deadline in self._watched():
            if deadline <= now and not self._overdue(work):
                return
        if watched := self._watched():
            # Not later than a batch that is taken now would be over its time.
            at = min(now + self.timeout_s, *(deadline for _, deadline in watched))
            self._watch = self._loop.call_at(at, self._check)

    def _watched(self) -> list[tuple[Work, float]]:
        """What is worked on, with its deadline."""
        extended, timeout_s = self._extended, self.timeout_s
        return [(work, extended.get(work.id, since + timeout_s)) for work, since in self._worked_on()]

    def _worked_on(self) -> list[tuple[Work, float]]:
        batches = list(self.batches.values())
        return batches if self.concurrent else [(work, max(since, self._turn)) for work, since in batches[:1]]
