"""All policies on one load: in, a load and its terms; out, an outcome and a score for each.

Called by the command and the benchmark. The score of a policy is its worker-seconds over those of the pool that knows the future,
beside the share of requests that were answered within the objective.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import inf

from servescope.autoscaler.simulator.perfect.bound import lower_bound
from servescope.autoscaler.simulator.perfect.schedule import NAME as PERFECT
from servescope.autoscaler.simulator.perfect.schedule import outcome_of, perfect_schedule
from servescope.autoscaler.simulator.policies.aibrix import AibrixApa
from servescope.autoscaler.simulator.policies.dynamo import DynamoPlanner
from servescope.autoscaler.simulator.policies.fixed import Fixed, fixed_size
from servescope.autoscaler.simulator.policies.hpa import HorizontalPodAutoscaler
from servescope.autoscaler.simulator.policies.keda import Keda
from servescope.autoscaler.simulator.policies.kpa import KnativePodAutoscaler
from servescope.autoscaler.simulator.policies.policy import Policy
from servescope.autoscaler.simulator.policies.ray import RayServe
from servescope.autoscaler.simulator.policies.servescope import Servescope
from servescope.autoscaler.simulator.replay import Load, Outcome, Terms, replay

OWN = "servescope"
FIXED = Fixed.name
_POLICIES: Mapping[str, Callable[[Terms], Policy]] = {
    OWN: Servescope,
    "kpa": lambda terms: KnativePodAutoscaler(terms.pool.batch_size, terms.min_workers),
    "hpa": lambda terms: HorizontalPodAutoscaler(terms.pool.batch_size, terms.min_workers),
    "ray": lambda _: RayServe(),
    "aibrix": lambda terms: AibrixApa(terms.pool.batch_size, terms.min_workers),
    "keda": lambda terms: Keda(terms.pool.batch_size, terms.min_workers),
    "dynamo": lambda terms: DynamoPlanner(terms.pool.batch_size),
}
PUBLISHED = tuple(name for name in _POLICIES if name != OWN)
NAMES = (*_POLICIES, FIXED, PERFECT)
_P99 = 0.99


@dataclass(frozen=True)
class Score:
    """What the table and `--json` have of a policy. `inside`: a share of 1; `changes`: of the count of workers."""

    name: str
    worker_seconds: float
    inside: float
    p99_ms: float
    changes: int
    over_perfect: float


@dataclass(frozen=True)
class Comparison:
    """In the order of `NAMES`. `perfect_s`, `bound_s`: worker-seconds of the perfect pool, and below which none goes."""

    outcomes: Sequence[Outcome]
    scores: Sequence[Score]
    perfect_s: float
    bound_s: float


def compare(load: Load, terms: Terms, names: Sequence[str] = NAMES, *, bounded: bool = True) -> Comparison:
    """Each of the named ones. The perfect pool is worked out in any case, and the bound if asked for."""
    schedule = perfect_schedule(load, terms)
    perfect = outcome_of(schedule, load, terms)
    bound = lower_bound(load, terms, schedule) if bounded else 0.0
    outcomes = [perfect if name == PERFECT else _outcome(name, load, terms) for name in NAMES if name in names]
    scores = [score_of(outcome, perfect.worker_seconds, terms.objective_s) for outcome in outcomes]
    return Comparison(outcomes, scores, perfect.worker_seconds, bound)


def score_of(outcome: Outcome, perfect_s: float, objective_s: float) -> Score:
    """How it did."""
    return Score(
        outcome.name,
        round(outcome.worker_seconds, 3),
        round(outcome.inside(objective_s), 6),
        round(1000.0 * outcome.percentile(_P99), 3),
        len(outcome.changes),
        round(outcome.worker_seconds / perfect_s, 4) if perfect_s else inf,
    )


def _outcome(name: str, load: Load, terms: Terms) -> Outcome:
    if name == FIXED:
        size = max(terms.min_workers, min(terms.max_workers, fixed_size(load, terms.pool.batch_size)))
        return replay(load, terms, Fixed(), started=size)
    return replay(load, terms, _POLICIES[name](terms))
