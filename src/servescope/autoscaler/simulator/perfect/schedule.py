"""The perfect pool: in, a load and its terms; out, the cheapest schedule that was found, and its outcome.

Called by `compare`. Finding the best of all schedules is NP-hard (it holds bin packing), so that several are made, by two
methods, and the cheapest is taken; `bound` says how much cheaper one could be at the most. A request is left out of what has to
be in time if no pool could do it: it takes longer than the objective by itself, or came before another worker could load. Such
requests are answered late, when there is nothing else to do.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from servescope.autoscaler.simulator.perfect.ahead import looking_ahead
from servescope.autoscaler.simulator.perfect.jobs import Job, jobs_of
from servescope.autoscaler.simulator.perfect.layers import in_layers
from servescope.autoscaler.simulator.perfect.shifts import Schedule, Shift, answered, with_late_ones
from servescope.autoscaler.simulator.replay import Change, Load, Outcome, Terms

NAME = "perfect"
# Jobs times workers: looking at every worker for every job takes a while.
_MOST_LAYERED = 10_000_000


def outcome_of(schedule: Schedule, load: Load, terms: Terms) -> Outcome:
    """What it comes to, as a policy's."""
    at = answered(schedule.shifts)
    latencies = [at[number] - arrived for number, arrived in enumerate(load.arrivals)]
    cost = schedule.cost_s(terms.pool.load_s)
    return Outcome(NAME, cost, latencies, _changes(schedule.shifts, terms, load.end_s), terms.min_workers)


def perfect_schedule(load: Load, terms: Terms) -> Schedule:
    """The cheapest of those with the fewest late requests."""
    jobs, hopeless = jobs_of(load, terms)
    best = min(
        _schedules(jobs, terms, load.end_s),
        key=lambda schedule: (len(schedule.late), schedule.cost_s(terms.pool.load_s)),
    )
    return with_late_ones(load, replace(best, late=sorted([*best.late, *hopeless])))


def _schedules(jobs: Sequence[Job], terms: Terms, end_s: float) -> Iterator[Schedule]:
    objective = terms.objective_s
    peak = 0
    for reach in (objective, 2 * objective, max(terms.pool.load_s, objective)):
        schedule = looking_ahead(jobs, terms, end_s, reach)
        peak = schedule.peak()
        yield schedule
    if len(jobs) * peak <= _MOST_LAYERED:
        yield in_layers(jobs, terms, end_s)


def _changes(shifts: Sequence[Shift], terms: Terms, end_s: float) -> list[Change]:
    """When workers are asked for and when they go, as counts."""
    steps: Counter[float] = Counter()
    for shift in shifts:
        if not shift.loaded:
            steps[shift.ready - terms.pool.load_s] += 1
        if shift.end < end_s:
            steps[shift.end] -= 1
    count, changes = terms.min_workers, []
    for at in sorted(steps):
        if steps[at]:
            changes.append(Change(at, count, count + steps[at]))
            count += steps[at]
    return changes
