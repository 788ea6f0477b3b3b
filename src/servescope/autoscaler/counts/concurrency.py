"""How many requests are in flight and queued, and how many workers that is where it is given how many of them each shall have.

In: the two counts and the target. Out: a count. A mean over the long window decides, and one over the short window where that
is twice as much as the workers that are there shall have: this is a panic, in which the count only grows. It lasts until there
was no reason for it for a long window.
"""

import math

from servescope.autoscaler.counts.windows import Mean

PANIC = 2.0


class Concurrency:
    """`window_s` and `panic_s`: the two windows."""

    def __init__(self, window_s: float, panic_s: float) -> None:
        self._window_s = window_s
        self._long, self._short = Mean(window_s), Mean(panic_s)
        self._since: float | None = None
        self._at = 0.0
        self._panic_at = -math.inf
        self._panic_most = 0
        self.mean = 0.0
        self.recent = 0.0
        self.panicking = False

    def note(self, at: float, concurrent: int) -> None:
        """So many `at` that moment, which gives `mean` over the long window, and `recent` over the short one."""
        self._since = at if self._since is None else self._since
        self._at = at
        self.mean, self.recent = self._long.over(at, concurrent), self._short.over(at, concurrent)

    @property
    def full(self) -> bool:
        """Whether there are samples of the whole long window."""
        return self._since is not None and self._at - self._since >= self._window_s

    def workers(self, target: float, there: int) -> int:
        """As many as have `target` requests each; `there`: those that have them now."""
        steady, now = _workers(self.mean, target), _workers(self.recent, target)
        if now >= PANIC * max(1, there):
            self._panic_at = self._at
        self.panicking = self._at - self._panic_at <= self._window_s
        self._panic_most = max(self._panic_most, now, steady) if self.panicking else 0
        return max(self._panic_most, steady)


def _workers(concurrent: float, target: float) -> int:
    return math.ceil(concurrent / target - 1e-9)
