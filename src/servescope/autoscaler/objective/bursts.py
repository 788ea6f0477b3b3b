"""How many workers it would have taken to serve what came in the last seconds without anybody being late, where it was more than
chance makes of the rate.

In: arrivals, the rate that was expected, service times, what a request may wait. Out: a count. What came within a window of `w`
seconds can be worked on for these seconds and for what the objective leaves to wait: the worst of several windows counts.
"""

import math

from servescope.autoscaler.objective.arrivals import Arrivals

# So many of the windows, the shortest: what came within half a minute.
WINDOWS = 8
# Standard deviations from which on it is a burst: with so many windows and seconds, fewer happen by chance.
BEYOND = 3.5


def workers_for_bursts(arrivals: Arrivals, expected: float, mean_s: float, slack_s: float) -> int:
    """`expected`: requests a second."""
    most = 0.0
    for came, took in zip(arrivals.came()[:WINDOWS], arrivals.took(), strict=False):
        usual = expected * took
        if came > usual + BEYOND * math.sqrt(usual if usual > 1.0 else 1.0):
            most = max(most, came / (took + slack_s))
    return math.ceil(most * mean_s)
