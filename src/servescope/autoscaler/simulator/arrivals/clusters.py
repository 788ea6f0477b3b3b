"""Counts a minute, spread within the minute. In, counts and how bursty they are; out, arrivals.

Called by `traces`. Burstiness is the same thing everywhere in the simulator: the rate that a request finds when it arrives, on
average, over the mean rate, 1 for a rate that is constant. A second's share of its minute is drawn from a gamma distribution that
makes the seconds of a minute just as bursty as asked for.
"""

import random
from collections.abc import Sequence
from itertools import accumulate

SECONDS = 60
_LEAST = 1.001  # below that, seconds are alike
_LEAST_SHAPE = 1e-3


def measured_burstiness(counts: Sequence[int]) -> float:
    """How bursty the minutes are, beyond what chance makes of a constant rate; 1 at the least.

    What differs from minute to minute differs from second to second: the public trace `code` is 2.05 by its minutes, by which
    half of its seconds are empty, as they were in truth; `conv` is 1.06, hardly more than Poisson.
    """
    total = sum(counts)
    if not total:
        return 1.0
    mean = total / len(counts)
    variance = sum((count - mean) ** 2 for count in counts) / len(counts)
    return 1.0 + max(0.0, variance - mean) / mean**2


def spread(counts: Sequence[int], burstiness: float, chance: random.Random) -> list[float]:
    """Seconds since the beginning, in order: so many in each minute."""
    arrivals = []
    for minute, count in enumerate(counts):
        if count:
            begins = minute * SECONDS
            arrivals += [begins + second + chance.random() for second in _seconds(count, burstiness, chance)]
    return sorted(arrivals)


def _seconds(count: int, burstiness: float, chance: random.Random) -> list[int]:
    """Which second of the minute each is in."""
    if burstiness < _LEAST:
        return [chance.randrange(SECONDS) for _ in range(count)]
    # Shares of a whole vary somewhat less than what they are shares of; 60 is all in one second.
    shape = max(_LEAST_SHAPE, (SECONDS - burstiness) / (SECONDS * (burstiness - 1.0)))
    weights = list(accumulate(chance.gammavariate(shape, 1.0) for _ in range(SECONDS)))
    if weights[-1] <= 0.0:  # so bursty that all shares are too small to be told from nothing
        return [chance.randrange(SECONDS)] * count
    return chance.choices(range(SECONDS), cum_weights=weights, k=count)
