"""When requests are sent: in, a rate and how long; out, seconds since the beginning. Called by `driver` and the tests.

Arrivals of a Poisson process, fixed before the first is sent, so that nothing the server does can move them.
"""

import random
from collections.abc import Sequence

MOST_REQUESTS = 2_000_000


def poisson(rate: float, seconds: float, chance: random.Random) -> list[float]:
    """Moments from 0 up to `seconds`, at `rate` requests a second on average; `MOST_REQUESTS` at most."""
    moments: list[float] = []
    at = chance.expovariate(rate)
    while at < seconds and len(moments) < MOST_REQUESTS:
        moments.append(at)
        at += chance.expovariate(rate)
    return moments


def stretched(moments: Sequence[float], rate: float) -> list[float]:
    """Recorded arrivals at another mean rate: the same order and clumps, nearer or farther from each other."""
    if len(moments) < 2 or moments[-1] <= moments[0]:
        return list(moments)
    factor = (len(moments) - 1) / (moments[-1] - moments[0]) / rate
    return [(at - moments[0]) * factor for at in moments]
