"""When requests are sent: in, a rate and how long; out, seconds since the beginning. Called by `driver` and the tests.

Arrivals of a Poisson process, fixed before the first is sent, so that nothing the server does can move them.
"""

import random

MOST_REQUESTS = 2_000_000


def poisson(rate: float, seconds: float, chance: random.Random) -> list[float]:
    """Moments from 0 up to `seconds`, at `rate` requests a second on average; `MOST_REQUESTS` at most."""
    moments: list[float] = []
    at = chance.expovariate(rate)
    while at < seconds and len(moments) < MOST_REQUESTS:
        moments.append(at)
        at += chance.expovariate(rate)
    return moments
