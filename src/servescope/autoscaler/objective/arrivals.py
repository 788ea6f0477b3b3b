"""How many requests came in the last seconds: a counter's samples, and rates over windows of them."""

import math
from array import array
from bisect import bisect_right
from operator import itemgetter

# In samples, which are taken once a second: looking back by places costs a tenth of searching for moments.
WINDOWS = (1, 2, 3, 5, 8, 13, 21, 34, 55, 90, 150)
LONGEST = WINDOWS[-1]
before = itemgetter(*(-1 - window for window in WINDOWS))  # what stood there before each of the windows
_MOST_OLD = 100
_BLUR_S = 0.01  # samples are never taken to the second


class Arrivals:
    """Samples of a counter that only grows, kept for `span_s` seconds. Before the first it stood as it did then."""

    def __init__(self, span_s: float) -> None:
        self._span_s = span_s
        self._moments = array("d")  # side by side in memory, which is cold whenever a model's turn comes
        self._totals = array("d")

    def note(self, at: float, total: float) -> None:
        """The counter is at `total` now."""
        moments, totals = self._moments, self._totals
        if not moments:
            moments.extend([at] * LONGEST)
            totals.extend([total] * LONGEST)
        moments.append(at)
        totals.append(total)
        if len(moments) > LONGEST + _MOST_OLD and moments[_MOST_OLD] <= at - self._span_s:
            del moments[:_MOST_OLD], totals[:_MOST_OLD]  # seldom, since it moves all that is kept

    @property
    def empty(self) -> bool:
        """Whether nothing was noted."""
        return not self._moments

    @property
    def known_s(self) -> float:
        """For how long there are samples."""
        return self._moments[-1] - self._moments[0]

    @property
    def newest(self) -> float:
        """How many came since the sample before."""
        return self._totals[-1] - self._totals[-2]

    def ago(self, window: int) -> float:
        """When that one of the `WINDOWS` began."""
        return self._moments[-1 - window]

    def came(self) -> list[float]:
        """How many came within each of the `WINDOWS`."""
        last = self._totals[-1]
        return [last - total for total in before(self._totals)]

    def took(self) -> list[float]:
        """How long each of the `WINDOWS` is, in seconds."""
        last = self._moments[-1]
        return [last - moment for moment in before(self._moments)]

    def within(self, seconds: float) -> tuple[float, float]:
        """How many came within the last `seconds`, and how many seconds that are: less where there are no older samples."""
        at = self._moments[-1]
        place = bisect_right(self._moments, at - seconds + _BLUR_S, 1) - 1
        return self._totals[-1] - self._totals[place], at - self._moments[place]

    def rate(self, seconds: float) -> float:
        """Requests a second over the last `seconds`."""
        moments, totals = self._moments, self._totals
        at = moments[-1]
        place = bisect_right(moments, at - seconds + _BLUR_S, 1) - 1
        took = at - moments[place]
        return (totals[-1] - totals[place]) / (took if took > 1.0 else 1.0)


def noise(rate: float, seconds: float) -> float:
    """By how much a measured rate differs by chance, one standard deviation, where requests come one by one."""
    return math.sqrt(max(rate, 1.0 / seconds) / seconds)
