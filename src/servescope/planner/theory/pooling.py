"""How full workers may be, by their count: in, one measured point; out, what other counts could serve. Pure; called by `plan.law`.

More workers behind one queue may be fuller at the same objective: a request waits for whichever is free first. How much
fuller, M/M/c says, with its exponent multiplied by what the measured point wants: constant service times, batches and whatever else
moves the tail come to a factor there.
"""

import math

from servescope.planner.theory.mmc import waits

_FULLEST = 0.995
_HALVINGS = 50


def late_log(share: float, workers: int, slack: float) -> float:
    """The logarithm of the share that is late in M/M/c. `share`: how full; `slack`: what a request may wait, in service times."""
    return math.log(waits(share * workers, workers)) - workers * (1 - share) * slack


def fullest(workers: int, slack: float, late: float) -> float:
    """How full so many workers may be, from 0 to 1. `late`: the logarithm of the share that may be late, over the factor."""
    low, high = 1e-6, _FULLEST
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if late_log(middle, workers, slack) <= late:
            low = middle
        else:
            high = middle
    return low
