"""How many workers it would have taken to serve what came in the last seconds without anybody being late.

In: arrivals, service times, what a request may wait. Out: a count. What came within a window of `w` seconds can be worked on
for these seconds and for what the objective leaves to wait: the worst of several windows counts.
"""

import math

from servescope.autoscaler.arrivals import Arrivals

WINDOWS_S = (1, 2, 3, 5, 8, 13, 20, 30)
# A window may be a little short of a worker: so near to a whole one that it is one.
_ROUNDING = 0.05


def workers_for_bursts(arrivals: Arrivals, mean_s: float, slack_s: float, insured: float = 0.0) -> int:
    """`insured`: by how much more the bursts are taken for, a share."""
    most = 0
    for window in WINDOWS_S:
        came, _ = arrivals.within(window)
        if came:
            most = max(most, math.ceil((1.0 + insured) * came * mean_s / (window + slack_s) - _ROUNDING))
    return most
