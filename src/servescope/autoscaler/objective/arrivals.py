"""How many requests came in the last seconds: a counter's samples, and rates over windows of them."""

import math
from bisect import bisect_right
from collections.abc import Sequence

_MOST_OLD = 100
_BLUR_S = 0.01  # samples are never taken to the second


class Arrivals:
    """Samples of a counter that only grows, kept for `span_s` seconds."""

    def __init__(self, span_s: float) -> None:
        self._span_s = span_s
        self._moments: list[float] = []
        self._totals: list[float] = []

    def note(self, at: float, total: float) -> None:
        """The counter is at `total` now."""
        self._moments.append(at)
        self._totals.append(total)
        old = bisect_right(self._moments, at - self._span_s)
        if old > _MOST_OLD:  # seldom, since it moves all that is kept
            del self._moments[:old], self._totals[:old]

    @property
    def empty(self) -> bool:
        """Whether nothing was noted."""
        return not self._moments

    @property
    def known_s(self) -> float:
        """For how long there are samples."""
        return self._moments[-1] - self._moments[0]

    def within(self, seconds: float) -> tuple[float, float]:
        """How many came within the last `seconds`, and how many seconds that are: less where there are no older samples."""
        at = self._moments[-1]
        place = bisect_right(self._moments, at - seconds + _BLUR_S, 1) - 1
        return self._totals[-1] - self._totals[place], at - self._moments[place]

    def came(self, windows: Sequence[float]) -> list[float]:
        """How many came within each of these, seconds: see `within`."""
        moments, totals = self._moments, self._totals
        last, since = totals[-1], moments[-1] + _BLUR_S
        return [last - totals[bisect_right(moments, since - seconds, 1) - 1] for seconds in windows]

    def rate(self, seconds: float) -> float:
        """Requests a second over the last `seconds`."""
        came, took = self.within(seconds)
        return came / max(took, 1.0)


def noise(rate: float, seconds: float) -> float:
    """By how much a measured rate differs by chance, one standard deviation, where requests come one by one."""
    return math.sqrt(max(rate, 1.0 / seconds) / seconds)
