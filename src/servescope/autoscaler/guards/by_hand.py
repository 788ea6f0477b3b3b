"""A count that somebody set by hand: in, arrivals; out, whether it is still to be held.

It is until the load has moved: until there are more requests, or fewer, than there were in a window, by more than the tolerance
and by more than chance would make it.
"""

import math

from servescope.autoscaler.objective.arrivals import Arrivals

_CHANCE = 3.0  # standard deviations


class ByHand:
    """`windows_s`: over each of them the load is looked at, the shortest first."""

    def __init__(self, tolerance: float, windows_s: tuple[float, ...]) -> None:
        self._tolerance, self._windows_s = tolerance, windows_s
        self._workers: int | None = None
        self._at = 0.0
        self._before: tuple[float, float] | None = None  # requests a second, and over how many seconds

    def hold(self, at: float, workers: int) -> None:
        """From that moment on."""
        self._at, self._workers, self._before = at, workers, None

    def forget(self, at: float) -> None:
        """The windows are thrown away: what the load was is looked at anew, from that moment on."""
        self._at, self._before = at, None

    def for_s(self, at: float) -> float:
        """For how long the count has been held by then."""
        return at - self._at

    def release(self) -> None:
        """The load has moved for sure."""
        self._workers = None

    def held(self, arrivals: Arrivals | None) -> int | None:
        """The count, or None. `arrivals` None: they are not known, so nothing moves."""
        if self._workers is None or arrivals is None or arrivals.known_s < self._windows_s[0]:
            return self._workers
        if self._before is None:
            came, took = arrivals.within(self._windows_s[-1])
            self._before = came / took, took
        if any(self._moved(*arrivals.within(seconds), *self._before) for seconds in self._windows_s):
            self._workers = None
        return self._workers

    def _moved(self, came: float, took: float, rate: float, over_s: float) -> bool:
        before = rate * took
        chance = math.sqrt(came + before * took / over_s + 1.0)
        return abs(came - before) > self._tolerance * before + _CHANCE * chance
