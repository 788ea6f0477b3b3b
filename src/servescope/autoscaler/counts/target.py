"""How many requests a worker shall have at once, learnt: in, service times and concurrency; out, a target.

Of a worker that takes one batch at a time, it is what the objective leaves, by Erlang's formula: the more workers share a queue,
the more each can have. A worker that takes as many as come gets slower with each: a line through how long requests took
at which concurrency says where they would be late. Beyond what was seen it is believed to four times as much.
"""

import math

from servescope.autoscaler.objective.staffing import LARGE, late_allowed, late_share
from servescope.autoscaler.signals import ServiceTimes

ASSUMED = 0.7  # of what a worker takes at once, before anything was measured
BEYOND = 4.0
_FORGETTING = 0.998  # of the weight a sample: half of it after six minutes
_HALVINGS = 8
_SPREAD = 0.05  # a line needs concurrencies that differ, the variance over the squared mean


def bearable(workers: int, service: ServiceTimes, objective_s: float, target: float) -> float:
    """How many requests each of so many workers can have in hand on average, and keep the objective."""
    limit = late_allowed(service, objective_s, target)
    workers = min(workers, LARGE)
    low, high = 0.0, 1.0 / service.mean_s
    for _ in range(_HALVINGS):
        each = (low + high) / 2.0
        if late_share(workers, each * workers, service, objective_s) > limit:
            high = each
        else:
            low = each
    return max(low, high / 2.0) * _taken(service)


def _taken(service: ServiceTimes) -> float:
    """How long a request takes a worker on average, those beside it in its batch or not."""
    return max(service.mean_s, sum(service.quantiles_s) / len(service.quantiles_s))


class Crowd:
    """How long requests take a worker that has many, learnt from samples; older ones count less and less."""

    def __init__(self) -> None:
        self._sums = [0.0] * 5  # weights, x, y, xx, xy
        self._most = 0.0

    def note(self, each: float, took_s: float) -> None:
        """A worker had so `each` requests on average, and they took so long."""
        weight, x, y, xx, xy = (_FORGETTING * total for total in self._sums)
        self._sums = [weight + 1.0, x + each, y + took_s, xx + each * each, xy + each * took_s]
        self._most = max(self._most, each)

    def target(self, objective_s: float, tail: float) -> float | None:
        """As many as finish within the objective; `tail`: how much longer than the mean the slow ones take. None: not known."""
        weight, x, y, xx, xy = self._sums
        if weight == 0.0:
            return None
        beyond = BEYOND * max(1.0, self._most)
        x, y, xx, xy = x / weight, y / weight, xx / weight, xy / weight
        variance, slope = xx - x * x, xy - x * y
        if variance <= _SPREAD * x * x or slope <= 0.0:
            return beyond
        slope /= variance
        most = (objective_s / tail - (y - slope * x)) / slope
        if most < 1.0:  # fewer requests would not help either
            return max(1.0, self._most)
        return min(beyond, most)


def tail(service: ServiceTimes, target: float) -> float:
    """How much longer than the mean those requests take that are slower than the share `target`."""
    times = service.quantiles_s
    mean = sum(times) / len(times)
    slow = times[min(len(times) - 1, math.floor(target * len(times)))]
    return max(1.0, slow / mean) if mean > 0 else 1.0
