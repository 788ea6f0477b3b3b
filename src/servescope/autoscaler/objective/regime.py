"""Since when requests come as they come now, and at what rate: the last stretch of the past that is of one piece.

In: arrivals, once a tick. Out: the rate now, its slope, how sure they are, how much more than by chance the seconds differ, and
how long such stretches last. Every tick what came is compared with what was expected, over windows of several lengths, by a
generalized likelihood ratio test: where they differ by more than chance, a new stretch begins with that window. So a sudden
change is seen within a second or two, and a rate that stays is known ever more exactly.
"""

import math
from array import array
from bisect import bisect_right

from servescope.autoscaler.objective.arrivals import LONGEST, WINDOWS, Arrivals, before, noise

# The ratio's logarithm from which on it is no chance: half the square of four and a quarter standard deviations.
UNLIKELY = 9.0
LEAST_EXPECTED = 0.1
# The rate is a mean over as much of the stretch; a slope is looked for in more of it, and believed from so many deviations on.
MEAN_S = 160.0
SHORTEST_SLOPE_S, LONGEST_SLOPE_S = 60.0, 240.0
SLOPING = 3.0
# How much the seconds differ is learnt over so long; one second counts for so much at the most.
DISPERSION_S = 300.0
MOST_DISPERSED = 64.0
# Before there was a change, stretches are taken to last so long; then each counts for a part.
LASTS_S = 600.0
LASTS_PART = 0.25


class Regime:
    """Requests a second: `rate` now, `error` one standard deviation of it, `before` what it was before the stretch; `slope`: by
    how much it grows a second, 0 where chance would do. `dispersion`: the variance of a second's count over a Poisson process's, 1
    at the least. `lasts_s`: how long a stretch lasts on average.
    """

    def __init__(self, arrivals: Arrivals) -> None:
        self._arrivals = arrivals
        self._expected = array("d", [0.0] * LONGEST)  # in all, after each sample
        self._at: float | None = None
        self._began = 0.0
        self._untested = 0  # samples since the last change was found
        self._dispersion = 1.0
        self.rate = self.slope = self.error = self.before = 0.0
        self.lasts_s = LASTS_S

    @property
    def age_s(self) -> float:
        """How long the stretch has been."""
        return self._at - self._began if self._at is not None else 0.0

    @property
    def dispersion(self) -> float:
        """See above."""
        return max(1.0, self._dispersion)

    def look(self, at: float) -> None:
        """After the arrivals were noted. A clock that does not go on begins anew."""
        last, self._at = self._at, at
        if last is None or at <= last:
            self._began, self._untested = at, 0
            self._expect(0.0)
            return
        took = at - last
        expected = max(0.0, self.rate + self.slope * took / 2.0) * took
        self._expect(expected)
        if self.error > 0.0:
            self._untested += 1
            self._learn_dispersion(expected, took)
            self._test()
        else:  # nothing was expected yet
            self._untested = 0
        self._fit()

    def _expect(self, more: float) -> None:
        expected = self._expected
        expected.append(expected[-1] + more)
        if len(expected) > 2 * LONGEST:
            del expected[: len(expected) - LONGEST - 1]

    def _learn_dispersion(self, expected: float, took: float) -> None:
        second = min(MOST_DISPERSED, (self._arrivals.newest - expected) ** 2 / max(expected, 1.0))
        self._dispersion += (second - self._dispersion) * min(1.0, took / DISPERSION_S)

    def _test(self) -> None:
        """What was looked at before the last change was found is not looked at again."""
        worst, since = UNLIKELY * self.dispersion, 0
        total = self._expected[-1]
        windows = WINDOWS[: bisect_right(WINDOWS, self._untested)]
        for window, came, passed in zip(windows, self._arrivals.came(), before(self._expected), strict=False):
            expected = total - passed
            if (came - expected) ** 2 <= worst * (expected if expected > LEAST_EXPECTED else LEAST_EXPECTED):
                continue  # nor is the logarithm of the ratio ever more than this quotient
            ratio = unlikely(came, expected)
            if ratio > worst:
                worst, since = ratio, window
        if since:
            began = self._arrivals.ago(since)
            self.before = self.rate
            self.lasts_s += LASTS_PART * (max(1.0, began - self._began) - self.lasts_s)
            self._began, self._untested = began, 0

    def _fit(self) -> None:
        age_s = self.age_s
        self.rate, self.error = self._mean(min(age_s, MEAN_S))
        self.slope = 0.0
        if age_s < SHORTEST_SLOPE_S:
            return
        length = min(age_s, LONGEST_SLOPE_S)
        mean, error = self._mean(length)
        half = length / 2.0
        rise = 2.0 * (self._arrivals.rate(half) - mean)  # from the middle of the first half to that of the second
        if abs(rise) > SLOPING * 2.0 * error:
            self.slope, self.error = rise / half, 2.0 * error
            self.rate = max(0.0, mean + rise)

    def _mean(self, length: float) -> tuple[float, float]:
        mean = self._arrivals.rate(length)
        return mean, noise(mean, max(length, 1.0)) * math.sqrt(self.dispersion)


def unlikely(came: float, expected: float) -> float:
    """By how much likelier a rate of its own makes so many than the expected one does: the logarithm of the ratio."""
    expected = max(expected, LEAST_EXPECTED)
    ratio = came / expected
    return came * math.log(ratio) - (came - expected) if ratio > 0.0 else expected
