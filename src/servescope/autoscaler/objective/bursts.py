"""How many workers it would have taken to serve what came in the last seconds without anybody being late, where it was more than
chance makes of the rate.

In: arrivals, the rate that was expected, service times, what a request may wait. Out: a count. What came within a window of `w`
seconds can be worked on for these seconds and for what the objective leaves to wait: the worst of several windows counts.
"""

import math

from servescope.autoscaler.objective.arrivals import Arrivals, noise

WINDOWS_S = (1, 2, 3, 5, 8, 13, 20, 30)
# Standard deviations from which on it is a burst: with so many windows and seconds, fewer happen by chance.
BEYOND = 3.5
# A window may be a little short of a worker: so near to a whole one that it is one.
_ROUNDING = 0.05


def workers_for_bursts(arrivals: Arrivals, expected: float, mean_s: float, slack_s: float) -> int:
    """`expected`: requests a second."""
    most = 0
    for window, came in zip(WINDOWS_S, arrivals.came(WINDOWS_S), strict=True):
        if came > (expected + BEYOND * noise(expected, window)) * window:
            most = max(most, math.ceil(came * mean_s / (window + slack_s) - _ROUNDING))
    return most
