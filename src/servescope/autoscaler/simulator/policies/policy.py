"""What a policy is to the simulator, and what most of them have: means over windows, and recommendations that are kept for a
while.

In: a pool, looked at now and then. Out: numbers. Used by the policies beside it.
"""

from collections import deque
from typing import Protocol

from servescope.autoscaler.simulator.pool import SimulatedPool


class Policy(Protocol):
    """Asked every `interval_s` seconds of virtual time, from `interval_s` on, how many workers it wants."""

    @property
    def name(self) -> str:
        """As `--policy` has it."""

    @property
    def interval_s(self) -> float:
        """Between two decisions."""

    def desired(self, pool: SimulatedPool) -> int | None:
        """The count; None where nothing is to change. Whoever asks keeps it within the bounds."""


class MeanConcurrency:
    """The mean of what waits and is worked on, over the windows that end now.

    It is a mean over time, not over samples: the published policies differ in how finely they sample, from ten times a second to
    every fifteen seconds, and this is what the finest would see.
    """

    def __init__(self, longest_s: float) -> None:
        self._longest_s = longest_s
        self._seen: deque[tuple[float, float]] = deque([(0.0, 0.0)])

    def look(self, pool: SimulatedPool) -> None:
        """Take note of now."""
        self._seen.append((pool.now, pool.concurrency_s))
        while len(self._seen) > 1 and self._seen[1][0] <= pool.now - self._longest_s:
            self._seen.popleft()

    def over(self, window_s: float) -> float:
        """The mean over as much of the window as there has been."""
        now, total = self._seen[-1]
        began, before = self._seen[0]
        for at, integral in reversed(self._seen):
            began, before = at, integral
            if at <= now - window_s:
                break
        return (total - before) / (now - began) if now > began else 0.0


class Recent:
    """Recommendations, each of which counts for `keep_s` seconds."""

    def __init__(self, keep_s: float) -> None:
        self._keep_s = keep_s
        self._kept: deque[tuple[float, int]] = deque()

    def highest(self, now: float, count: int) -> int:
        """Take note of one, and say which has been the highest."""
        self._kept.append((now, count))
        while self._kept[0][0] <= now - self._keep_s:
            self._kept.popleft()
        return max(kept for _, kept in self._kept)
