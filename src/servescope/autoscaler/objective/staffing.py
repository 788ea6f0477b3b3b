"""How many workers a steady load needs: a queue with several servers, by Erlang's formula.

In: requests a second, service times, an objective. Out: the fewest workers of which the share of late requests is low enough.
Erlang C gives the chance to wait; waits beyond fall exponentially, faster the less service times vary (Allen and Cunneen's
correction).
"""

import math
from functools import lru_cache

from servescope.autoscaler.signals import ServiceTimes

# More workers than this are not counted one by one: what a load needs beyond itself grows with its square root.
LARGE = 1000
_RESERVE = 1.0
_REMEMBERED = 256  # service times of which something is known already: they are asked about several times a tick


def chance_to_wait(workers: int, load: float) -> float:
    """The share of requests that find all workers busy. `load`: how many are busy on average."""
    if load >= workers:
        return 1.0
    blocked = 1.0
    for count in range(1, workers + 1):
        blocked = _blocked(count, load, blocked)
    return _waits(workers, load, blocked)


def late_share(workers: int, rate: float, service: ServiceTimes, objective_s: float) -> float:
    """The share of requests that take longer than the objective, waiting included."""
    load = rate * service.mean_s
    if load >= workers:
        return 1.0
    return _late(workers - load, chance_to_wait(workers, load), service, _variation(service), objective_s)


def workers_for(rate: float, service: ServiceTimes, objective_s: float, target: float, price: float = 0.0) -> int:
    """The fewest that keep the share `target` of the requests within the objective; where no number does, those that come
    near. And further ones as long as each is worth it: a late request is as bad as `price` times the work of one.
    """
    if rate <= 0:
        return 0
    load = rate * service.mean_s
    if load > LARGE:
        return math.ceil(load + _RESERVE * math.sqrt(load))
    limit, variation = late_allowed(service, objective_s, target), _variation(service)
    worth, before = price * load, math.inf
    workers, blocked = 0, 1.0
    while True:
        workers += 1
        blocked = _blocked(workers, load, blocked)
        if workers > load:
            late = _late(workers - load, _waits(workers, load, blocked), service, variation, objective_s)
            if before <= limit and worth * (before - late) <= 1.0:
                return workers - 1
            if late <= limit and (worth * late <= 1.0 or workers >= LARGE):
                return workers
            before = late


@lru_cache(maxsize=_REMEMBERED)
def late_allowed(service: ServiceTimes, objective_s: float, target: float) -> float:
    """The share of requests that may be late: what the target leaves, and where more are late by themselves, a little more."""
    unavoidable = sum(taken > objective_s for taken in service.quantiles_s) / len(service.quantiles_s)
    return max(1.0 - target, unavoidable + (1.0 - target) / 2)


def _blocked(workers: int, load: float, fewer: float) -> float:
    """Erlang B, of the same with a worker fewer."""
    return load * fewer / (workers + load * fewer)


def _waits(workers: int, load: float, blocked: float) -> float:
    """Erlang C, of Erlang B."""
    return blocked / (1.0 - load / workers * (1.0 - blocked))


def _late(idle: float, waits: float, service: ServiceTimes, variation: float, objective_s: float) -> float:
    """The share that is late where so many workers are `idle` on average and the share `waits` of the requests has to wait."""
    decay = 2.0 * idle / (service.mean_s * (1.0 + variation))
    late = 0.0
    for taken in service.quantiles_s:
        slack = objective_s - taken
        late += 1.0 if slack < 0 else waits * math.exp(-decay * slack)
    return late / len(service.quantiles_s)


@lru_cache(maxsize=_REMEMBERED)
def _variation(service: ServiceTimes) -> float:
    """The squared coefficient of variation."""
    mean_s = service.mean_s * service.together
    squares = [(taken - mean_s) ** 2 for taken in service.quantiles_s]
    return sum(squares) / len(squares) / mean_s**2 if mean_s > 0 else 0.0
