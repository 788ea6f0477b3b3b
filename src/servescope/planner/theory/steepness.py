"""How fast the share of late requests should rise with the rate: in, a pool and an objective; out, a slope. Pure.

In M/M/c the share that waits longer than t is C·exp(−(m−λ)·t), m being what all workers do together and C Erlang's share of requests
that wait at all. With other service times the exponent is another multiple of about the same, so what is taken from theory is
not how many are late, which is measured, but by which part of that the logarithm changes. Called by `search.search`.
"""

import math

from servescope.planner.theory.mmc import waits

_LEAST_WAIT = 0.25
_STEP = 0.01
_LEAST, _MOST_LOAD = 1.0, 0.99


def steepness(rate: float, ceiling: float, workers: int, limit_s: float, misses: float) -> float:
    """d log(late share) / d log(rate) at the rate where `misses` are late. `ceiling`: what all workers could do, never idle."""
    at = min(rate, _MOST_LOAD * ceiling)
    wait_s = max(limit_s - workers / ceiling, _LEAST_WAIT * limit_s)

    def exponent(rate: float) -> float:
        return math.log(waits(rate / ceiling * workers, workers)) - (ceiling - rate) * wait_s

    here, less = exponent(at), exponent(at * (1 - _STEP))
    return max(_LEAST, math.log(misses) / here * (here - less) / _STEP)
