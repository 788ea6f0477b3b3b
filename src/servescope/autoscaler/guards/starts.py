"""How many workers there may be at the most while starts fail: in, how many failed in a row; out, a limit.

After a failure nothing is added for a while, twice as long after each further one; then one step over what did load is tried.
"""

import math

from servescope.autoscaler.signals import Signals

_DOUBLINGS = 32  # no further: the longest wait is reached long before, and a power of two must fit a float


class Starts:
    """`backoff_s`: the first wait, `longest_s`: the last one. `growth`: the factor of a step."""

    def __init__(self, backoff_s: float, longest_s: float, growth: float) -> None:
        self._backoff_s, self._longest_s, self._growth = backoff_s, longest_s, growth
        self._failed = 0
        self._failed_at = 0.0

    def most(self, now: float, signals: Signals) -> int | None:
        """None: starts do not fail."""
        failed = signals.failed_starts
        if failed != self._failed:
            self._failed, self._failed_at = failed, now
        if failed <= 0:
            return None
        step = max(signals.workers + 1, math.floor(self._growth * signals.workers))
        return min(step, max(1, signals.there)) if now < self.again_at else step

    @property
    def again_at(self) -> float:
        """When something is tried again."""
        doublings = min(max(self._failed - 1, 0), _DOUBLINGS)
        return self._failed_at + min(self._longest_s, self._backoff_s * 2.0**doublings)
