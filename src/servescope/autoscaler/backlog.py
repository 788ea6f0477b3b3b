"""What will wait when a worker that is started now has loaded, and how many workers it takes to be done with it soon.

In: the queue, the rate, the workers that are there and those that come. Out: a count, 0 where the queue takes care of itself.
"""

import math
from collections import deque

# Of the objective: within so much of it a backlog shall be gone once the workers are there.
DRAINED_WITHIN = 0.5


class Coming:
    """Workers that load, and when they are expected."""

    def __init__(self) -> None:
        self._expected: deque[tuple[float, int]] = deque()

    def asked_for(self, count: int, at: float) -> None:
        """So many more will be there `at` that moment."""
        self._expected.append((at, count))

    def expected(self, now: float, starting: int) -> list[tuple[float, int]]:
        """When how many will be there. `starting` load now: others were taken back, the latest first."""
        expected = self._expected
        while expected and expected[0][0] <= now:
            expected.popleft()
        over = sum(count for _, count in expected) - starting
        while over > 0:
            at, count = expected.pop()
            if count > over:
                expected.append((at, count - over))
            over -= count
        return list(expected)


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


def workers_for_backlog(waiting: float, rate: float, mean_s: float, objective_s: float) -> int:
    """So many that the rate is served, and what waits within a part of the objective."""
    return math.ceil(rate * mean_s + waiting * mean_s / max(DRAINED_WITHIN * objective_s, 1.0))
