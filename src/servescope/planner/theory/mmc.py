"""M/M/c: Poisson arrivals, exponential service times, c workers, one queue. In, rates; out, shares. Pure."""

import math

_LEAST = 1e-300  # of many workers that are half idle the share is smaller than a float can say; its logarithm is taken


def waits(load: float, workers: int) -> float:
    """The share of requests that find no free worker (Erlang C). `load`: rate times mean service time, below `workers`."""
    blocked = 1.0
    for count in range(1, workers + 1):  # Erlang B, by its recursion
        blocked = load * blocked / (count + load * blocked)
    return max(_LEAST, blocked / (1 - load / workers * (1 - blocked)))


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
