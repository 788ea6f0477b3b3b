"""M/M/c: Poisson arrivals, exponential service times, c workers, one queue. In, a load; out, a share. Pure; used by `tail` and
`pooling`.
"""

_LEAST = 1e-300  # of many workers that are half idle the share is smaller than a float can say; its logarithm is taken


def waits(load: float, workers: int) -> float:
    """The share of requests that find no free worker (Erlang C). `load`: rate times mean service time, below `workers`."""
    blocked = 1.0
    for count in range(1, workers + 1):  # Erlang B, by its recursion
        blocked = load * blocked / (count + load * blocked)
    return max(_LEAST, blocked / (1 - load / workers * (1 - blocked)))
