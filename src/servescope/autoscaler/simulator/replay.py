"""One policy on one load: in, requests, a pool's terms and a policy; out, what it cost and when each request was answered.

Called by `compare`, by the benchmark and by tests. Worker-seconds count until the load's end; what is in flight then is
finished by the workers that are there, and costs as long as they work on it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from servescope.autoscaler.simulator.policies.policy import Policy
from servescope.autoscaler.simulator.pool import PoolOptions, SimulatedPool

_ROUNDING_S = 1e-9  # an answer that took exactly as long as the objective is inside


@dataclass(frozen=True)
class Load:
    """When requests arrive and how long each takes a worker, in seconds; in order. `end_s`: when the load is over."""

    arrivals: Sequence[float]
    services: Sequence[float]
    end_s: float


@dataclass(frozen=True)
class Terms:
    """What is the same for every policy. `objective_s`: an answer is inside if it takes no longer."""

    pool: PoolOptions
    objective_s: float
    min_workers: int
    max_workers: int


@dataclass(frozen=True)
class Change:
    """At a moment, in seconds, from so many workers to so many."""

    at_s: float
    before: int
    after: int


@dataclass(frozen=True)
class Outcome:
    """`latencies`: by request, from arrival to answer, in seconds. `started`: how many workers there were at the beginning."""

    name: str
    worker_seconds: float
    latencies: Sequence[float]
    changes: Sequence[Change]
    started: int

    def inside(self, objective_s: float) -> float:
        """The share of requests that were answered within the objective."""
        return sum(took <= objective_s + _ROUNDING_S for took in self.latencies) / len(self.latencies)

    def percentile(self, share: float) -> float:
        """The latency that this share of the requests did not exceed (nearest rank), in seconds."""
        ordered = sorted(self.latencies)
        return ordered[max(0, ceil(share * len(ordered)) - 1)]


def replay(load: Load, terms: Terms, policy: Policy, started: int | None = None) -> Outcome:
    """Let the policy decide until the load is over. `started`: the workers at the beginning; None: the least allowed."""
    first = terms.min_workers if started is None else started
    pool = SimulatedPool(load.arrivals, load.services, terms.pool, first)
    changes = []
    count, tick = first, 1
    while (now := tick * policy.interval_s) < load.end_s:
        pool.run_until(now)
        wanted = policy.desired(pool)
        if wanted is not None:
            wanted = max(terms.min_workers, min(terms.max_workers, wanted))
            if wanted != count:
                changes.append(Change(now, count, wanted))
                pool.scale(wanted)
                count = wanted
        tick += 1
    pool.run_until(load.end_s)
    cost, worked = pool.cost_s(), pool.busy_s
    pool.finish()
    latencies = [at - arrived for at, arrived in zip(pool.finished, load.arrivals, strict=True)]
    return Outcome(policy.name, cost + pool.busy_s - worked, latencies, changes, first)
