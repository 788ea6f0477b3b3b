"""M/M/c: how many requests are late. In, rates; out, shares."""

import math

from servescope.planner.theory.mmc import waits


def late(rate: float, service_s: float, workers: int, limit_s: float) -> float:
    """The share of requests whose wait and service together take longer than `limit_s`; 1 where the workers are too few."""
    load = rate * service_s
    if load >= workers:
        return 1.0
    work, drain = 1 / service_s, workers / service_s - rate
    waiting = waits(load, workers)
    alone = math.exp(-work * limit_s)
    if math.isclose(drain, work, rel_tol=1e-9):
        return alone * (1 + waiting * work * limit_s)
    # Service alone, or a wait that is exponential with the rate `drain`, and then a service.
    both = (work * math.exp(-drain * limit_s) - drain * alone) / (work - drain)
    return (1 - waiting) * alone + waiting * both
