"""How many workers a steady load needs: a queue with several servers, by Erlang's formula.

In: requests a second, service times, an objective. Out: the fewest workers of which the share of late requests is low enough.
Erlang C gives the chance to wait; waits beyond fall exponentially, faster the less service times vary (Allen and Cunneen's
correction).
"""

import math
from collections.abc import Sequence

from servescope.autoscaler.signals import ServiceTimes

# Larger pools hardly gain by a worker more, and take a while to work out.
MOST_WEIGHED = 1000


def chance_to_wait(workers: int, load: float) -> float:
    """The share of requests that find all workers busy. `load`: how many are busy on average."""
    if load >= workers:
        return 1.0
    blocked = 1.0
    for count in range(1, workers + 1):
        blocked = load * blocked / (count + load * blocked)
    return blocked / (1.0 - load / workers * (1.0 - blocked))


def late_share(workers: int, rate: float, service: ServiceTimes, objective_s: float) -> float:
    """The share of requests that take longer than the objective, waiting included."""
    load = rate * service.mean_s
    if load >= workers:
        return 1.0
    waits = chance_to_wait(workers, load)
    decay = 2.0 * (workers - load) / (service.mean_s * (1.0 + _variation(service)))
    late = 0.0
    for taken in service.quantiles_s:
        slack = objective_s - taken
        late += 1.0 if slack < 0 else waits * math.exp(-decay * slack)
    return late / len(service.quantiles_s)


def workers_for(rate: float, service: ServiceTimes, objective_s: float, target: float) -> int:
    """The fewest that keep the share `target` of the requests within the objective; where no number does, those that come
    near.
    """
    if rate <= 0:
        return 0
    workers = math.floor(rate * service.mean_s) + 1
    unavoidable = sum(taken > objective_s for taken in service.quantiles_s) / len(service.quantiles_s)
    limit = max(1.0 - target, unavoidable + (1.0 - target) / 2)
    while late_share(workers, rate, service, objective_s) > limit:
        workers += 1
    return workers


def workers_worth(rate: float, service: ServiceTimes, objective_s: float, target: float, price: float) -> int:
    """As many as `workers_for` says, and further ones as long as each is worth it: a late request is as bad as `price` times the
    work of one.
    """
    workers = workers_for(rate, service, objective_s, target)
    worth = price * rate * service.mean_s
    late = late_share(workers, rate, service, objective_s) if workers else 0.0
    while worth * late > 1.0 and workers < MOST_WEIGHED:
        less_late = late_share(workers + 1, rate, service, objective_s)
        if worth * (late - less_late) <= 1.0:
            break
        workers, late = workers + 1, less_late
    return workers


def _variation(service: ServiceTimes) -> float:
    """The squared coefficient of variation."""
    squares: Sequence[float] = [(taken - service.mean_s) ** 2 for taken in service.quantiles_s]
    return sum(squares) / len(squares) / service.mean_s**2 if service.mean_s > 0 else 0.0
