"""A number of worker-seconds below which no schedule goes. In, a load, its terms and a schedule; out, the bound.

Called by `compare` and the benchmark. Time is cut into slots, and what is asked for is less than the truth asks: a worker's
capacity is a slot of work in every slot that it is there in, jobs may be cut into pieces, and the first and the last slot of a
worker cost nothing. For that the best count of workers in every slot is found, by dynamic programming over the count and the
backlog, where a worker more costs a load. Counts up to a quarter above those of the schedule are looked at.
"""

from collections.abc import Sequence
from itertools import accumulate
from math import ceil, floor, inf

from servescope.autoscaler.simulator.perfect.jobs import Job, jobs_of
from servescope.autoscaler.simulator.perfect.shifts import Schedule
from servescope.autoscaler.simulator.replay import Load, Terms

_PIECES = 4  # of an objective, that a slot is
_MOST_SLOTS = 20_000
_MORE = 1.25
_ROUNDING = 1e-6
# Beyond so many counts and backlogs it would take too long; with hundreds of workers the work itself is a good bound.
_MOST_STATES = 30_000_000


def lower_bound(load: Load, terms: Terms, schedule: Schedule) -> float:
    """Worker-seconds, for what the schedule has in time."""
    late = set(schedule.late)
    jobs = [job for job in jobs_of(load, terms)[0] if job.requests[0] not in late]
    lasting = terms.min_workers * load.end_s
    worked = sum(job.service for job in jobs) + sum(load.services[number] for number in late)
    end = max([load.end_s, *(job.latest + job.service for job in jobs)])
    slot = max(terms.objective_s / _PIECES, end / _MOST_SLOTS)
    peak = ceil(_MORE * schedule.peak()) + 1
    return max(lasting + _extra(jobs, terms, slot, min(peak, terms.max_workers)), worked)


def _curves(jobs: Sequence[Job], slot: float) -> tuple[list[int], list[int]]:
    """By the end of each slot, in slots of work, rounded up: what may be done, and what has to be."""
    count = max((floor((job.latest + job.service) / slot) for job in jobs), default=0) + 1
    come, due = [0.0] * count, [0.0] * count
    for job in jobs:
        come[floor(job.release / slot)] += job.service / slot
        due[floor((job.latest + job.service) / slot)] += job.service / slot
    return [ceil(done - _ROUNDING) for done in accumulate(come)], [ceil(done - _ROUNDING) for done in accumulate(due)]


def _extra(jobs: Sequence[Job], terms: Terms, slot: float, peak: int) -> float:
    """The least that workers beyond those that are always there can cost."""
    may, must = _curves(jobs, slot)
    least = terms.min_workers
    if sum(most - needed + 1 for most, needed in zip(may, must, strict=True)) * (peak - least + 1) > _MOST_STATES:
        return 0.0
    load = terms.pool.load_s - 2 * slot  # below 0 it only makes the bound lower
    # By how many more than the least there are, and by backlog: the least cost so far. The backlog is whole slots of work.
    costs = [[0.0], *([inf] for _ in range(peak - least))]
    before = 0
    for place, (most, needed) in enumerate(zip(may, must, strict=True)):
        costs = _started(costs, load)
        allowed = len(costs) if (place + 1) * slot > terms.pool.load_s else 1
        come, room = most - before, most - needed
        before = most
        costs = [
            _worked(row, come, least + more, room, more * slot) if more < allowed else [inf] * (room + 1)
            for more, row in enumerate(costs)
        ]
    return max(0.0, min(min(row) for row in costs))


def _started(costs: list[list[float]], load: float) -> list[list[float]]:
    """Some go, which costs nothing, or come, each of which costs a load."""
    found = list(costs)
    for more in range(len(found) - 2, -1, -1):
        found[more] = list(map(min, found[more], found[more + 1]))
    for more in range(1, len(found)):
        found[more] = list(map(min, found[more], [cost + load for cost in found[more - 1]]))
    return found


def _worked(row: list[float], come: int, workers: int, room: int, price: float) -> list[float]:
    """The costs by backlog after a slot; a backlog above `room` is too late."""
    away = workers - come
    after = [min(row[: away + 1]), *row[away + 1 :]] if away > 0 else [inf] * -away + row
    kept = [cost + price for cost in after[: room + 1]]
    return kept + [inf] * (room + 1 - len(kept))
