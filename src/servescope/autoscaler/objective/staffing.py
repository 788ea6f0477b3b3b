"""How many workers a steady load needs: a queue with several servers, by Erlang's formula.

In: requests a second, service times, an objective. Out: the fewest workers of which the share of late requests is low enough.
Erlang C gives the chance to wait; waits beyond fall exponentially, faster the less service times vary (Allen and Cunneen's
correction).
"""

import math
from dataclasses import dataclass
from functools import lru_cache

from servescope.autoscaler.signals import ServiceTimes

# More workers than this are not counted one by one: what a load needs beyond itself grows with its square root.
LARGE = 1000
_RESERVE = 1.0
_REMEMBERED = 2048  # service times that were taken apart already: they are asked about several times a tick


@dataclass(frozen=True, slots=True)
class _Slack:
    """What an objective leaves of service times. `slacks_s`: of equal shares of the requests, those that can be in time, what each
    may wait; `unavoidable`: the share of those that cannot. `pace_s`: a wait falls by e in so long, over the workers that are idle.
    """

    slacks_s: tuple[float, ...]
    unavoidable: float
    count: int
    pace_s: float

    def late(self, idle: float, waits: float) -> float:
        """The share that is late where so many workers are `idle` on average and the share `waits` of the requests has to wait."""
        decay = -idle / self.pace_s
        return self.unavoidable + waits * sum([math.exp(decay * slack_s) for slack_s in self.slacks_s]) / self.count

    def allowed(self, target: float) -> float:
        """The share that may be late: what the target leaves, and where more are late by themselves, a little more."""
        return max(1.0 - target, self.unavoidable + (1.0 - target) / 2)


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
    return _slack(service, objective_s).late(workers - load, chance_to_wait(workers, load))


def workers_for(rate: float, service: ServiceTimes, objective_s: float, target: float, price: float = 0.0) -> int:
    """The fewest that keep the share `target` of the requests within the objective; where no number does, those that come
    near. And further ones as long as each is worth it: a late request is as bad as `price` times the work of one.
    """
    if rate <= 0:
        return 0
    load = rate * service.mean_s
    if load > LARGE:
        return math.ceil(load + _RESERVE * math.sqrt(load))
    slack = _slack(service, objective_s)
    limit = slack.allowed(target)
    worth, before = price * load, math.inf
    workers, blocked = 0, 1.0
    while True:
        workers += 1
        blocked = _blocked(workers, load, blocked)
        if workers > load:
            late = slack.late(workers - load, _waits(workers, load, blocked))
            if before <= limit and worth * (before - late) <= 1.0:
                return workers - 1
            if late <= limit and (worth * late <= 1.0 or workers >= LARGE):
                return workers
            before = late


def late_allowed(service: ServiceTimes, objective_s: float, target: float) -> float:
    """The share of requests that may be late: see `workers_for`."""
    return _slack(service, objective_s).allowed(target)


def _blocked(workers: int, load: float, fewer: float) -> float:
    """Erlang B, of the same with a worker fewer."""
    return load * fewer / (workers + load * fewer)


def _waits(workers: int, load: float, blocked: float) -> float:
    """Erlang C, of Erlang B."""
    return blocked / (1.0 - load / workers * (1.0 - blocked))


@lru_cache(maxsize=_REMEMBERED)
def _slack(service: ServiceTimes, objective_s: float) -> _Slack:
    times, took_s = service.quantiles_s, service.mean_s * service.together
    slacks_s = tuple(objective_s - taken for taken in times if taken <= objective_s)
    squares = [(taken - took_s) ** 2 for taken in times]
    variation = sum(squares) / len(squares) / took_s**2 if took_s > 0 else 0.0
    return _Slack(slacks_s, 1.0 - len(slacks_s) / len(times), len(times), service.mean_s * (1.0 + variation) / 2.0)
