"""How many replicas a language model needs, by what its engines say: how full their KV caches are, and how many requests wait.

In: shares and counts. Out: a count of replicas. A cache that is nearly full makes the engine put requests back and begin anew;
requests wait in an engine that has no room to begin with them.
"""

import math
from collections.abc import Sequence

from servescope.autoscaler.counts.windows import Mean


class KvCache:
    """More replicas where caches are fuller than `high` on average; fewer where the fullest is below `low`, and each of the rest
    would be, as well. One full cache alone asks for nothing: a single long request fills it, and would for any number.
    """

    def __init__(self, seconds: float, high: float, low: float) -> None:
        self._high, self._low = high, low
        self._total, self._fullest = Mean(seconds), Mean(seconds)

    def replicas(self, at: float, shares: Sequence[float], count: int) -> int:
        """`shares`: of those of the `count` replicas that say so, at least one."""
        total = self._total.over(at, sum(shares) / len(shares) * count)
        fullest = self._fullest.over(at, max(shares))
        if total / count > self._high:
            return max(count + 1, math.ceil(total / self._high))
        if fullest < self._low:
            return min(count, math.floor(total / self._low) + 1)
        return count


class Waiting:
    """As many more replicas as it takes for what waits to be worked on too."""

    FEWEST = 1.0  # on average: a request waits for a moment whenever one comes

    def __init__(self, seconds: float) -> None:
        self._waiting, self._in_flight = Mean(seconds), Mean(seconds)

    def replicas(self, at: float, waiting: int, in_flight: int | None, count: int) -> int:
        """`in_flight`: all that the engines have, those that wait included; None: not known."""
        waits = self._waiting.over(at, waiting)
        running = self._in_flight.over(at, in_flight) - waits if in_flight is not None else 0.0
        if waits < self.FEWEST:
            return 1
        if running < 1.0:
            return count + 1
        return max(count + 1, math.ceil(count * (1.0 + waits / running)))
