"""What will wait when a worker that is started now has loaded, and how many workers are worth starting for it.

In: the queue, the rate, the workers that are there and those that come. Out: counts, 0 where the queue takes care of itself.
"""

import math
from collections import deque
from typing import NamedTuple

# Of the objective: within so much of it a backlog shall be gone at the soonest.
SOONEST = 0.5
# Of what a request may wait, so much shall the queue be worked off within before workers are taken away.
WORKED_OFF = 0.5
_SHORTEST_LOAD_S = 0.5


class Coming:
    """Workers that load, and when they are expected."""

    def __init__(self) -> None:
        self._expected: deque[tuple[float, int]] = deque()
        self._looked_at: float | None = None

    def expected(self, now: float, starting: int, load_s: float) -> list[tuple[float, int]]:
        """When how many will be there. `starting` load now: further ones were asked for when this was asked last, and take
        `load_s`; missing ones were taken back, the latest first.
        """
        expected = self._expected
        since, self._looked_at = self._looked_at, now
        while expected and expected[0][0] <= now:
            expected.popleft()
        over = sum([count for _, count in expected]) - starting
        if over < 0 and since is not None and since + load_s > now:
            expected.append((since + load_s, -over))
        while over > 0:
            at, count = expected.pop()
            if count > over:
                expected.append((at, count - over))
            over -= count
        return list(expected)


class Queue(NamedTuple):
    """`queued` requests wait for `workers` that work, others are `coming`. `rate`: requests a second until a start is over, which
    takes `load_s`; `mean_s`: a request's work; `slack_s`: what it may wait; `objective_s`: what it may take. `price`: how many
    times its own work a late request is as bad as.
    """

    queued: float
    workers: int
    coming: list[tuple[float, int]]
    now: float
    rate: float
    mean_s: float
    slack_s: float
    objective_s: float
    load_s: float
    price: float

    def foreseen(self) -> int:
        """How many there shall be for what will wait when a worker that is started now has loaded."""
        waiting, workers = queued_ahead(
            self.queued, self.rate, self.mean_s, self.workers, self.coming, self.now, self.load_s
        )
        return self._worth(waiting, workers)

    def loading(self) -> int:
        """How many there shall be for what will wait when the first of those that load have loaded."""
        if not self.coming:
            return 0
        soon = self.coming[0][0] - self.now
        waiting = self.queued + (self.rate - self.workers / self.mean_s) * soon
        return self._worth(waiting, self.workers)

    def waiting(self) -> int:
        """How many it takes that what waits now will not be late."""
        if self.queued <= 1:
            return 0
        return math.ceil((self.rate + self.queued / (WORKED_OFF * self.slack_s)) * self.mean_s)

    def _worth(self, waiting: float, workers: int) -> int:
        """With `more` workers a backlog of `work` is gone after `work / more` seconds, in which requests are late, and each of them
        has to start: the sum is least at the square root.
        """
        work, load = waiting * self.mean_s, self.rate * self.mean_s
        if work <= self.slack_s * max(1, workers):
            return 0
        more = math.sqrt(self.price * load * work / max(self.load_s, _SHORTEST_LOAD_S))
        return math.ceil(load + min(more, work / max(SOONEST * self.objective_s, 1.0)))


def queued_ahead(
    queued: float, rate: float, mean_s: float, workers: int, coming: list[tuple[float, int]], now: float, ahead_s: float
) -> tuple[float, int]:
    """How many will wait `ahead_s` from now if the rate stays, and how many workers there will be."""
    moment, waiting = now, queued
    for at, count in coming:
        if at >= now + ahead_s:
            break
        waiting = max(0.0, waiting + (rate - workers / mean_s) * (at - moment))
        moment, workers = at, workers + count
    waiting += (rate - workers / mean_s) * (now + ahead_s - moment)
    return max(0.0, waiting), workers
