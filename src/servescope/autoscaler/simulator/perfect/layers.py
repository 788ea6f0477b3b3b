"""A schedule in layers: each job goes to the worker that costs least for it, and waits for it as long as it can.

In: jobs in the order of arrival. Out: a schedule. Best where load comes in bursts that are far apart: each layer of workers takes
what the ones below have no room for, and is there for no longer than that. Called by `schedule`.
"""

from collections.abc import Sequence
from math import inf

from servescope.autoscaler.simulator.perfect.jobs import Job
from servescope.autoscaler.simulator.perfect.shifts import Schedule, Shift, first_ones
from servescope.autoscaler.simulator.replay import Terms


def in_layers(jobs: Sequence[Job], terms: Terms, end_s: float) -> Schedule:
    """Among workers that cost the same, the one that will be free last is taken."""
    load_s = terms.pool.load_s
    shifts = first_ones(terms)
    free = [0.0] * len(shifts)  # by layer: when it is free
    current = list(shifts)  # by layer: its last shift
    late: list[int] = []
    for job in jobs:
        layer = _cheapest(job, free, terms)
        if layer is None:
            layer = _another(job, free, current, shifts, terms)
        elif layer >= terms.min_workers and job.release - free[layer] > load_s:
            current[layer] = Shift(job.release, job.release)
            shifts.append(current[layer])
        if layer is None:
            late += job.requests
            continue
        current[layer].give(max(job.release, free[layer]), job)
        free[layer] = current[layer].end
    for shift in shifts[: terms.min_workers]:
        shift.end = max(shift.end, end_s)
    return Schedule(shifts, late)


def _cheapest(job: Job, free: Sequence[float], terms: Terms) -> int | None:
    """The layer that this job costs least: a worker that is always there costs nothing, idling as much as it takes, at most a
    load.
    """
    found, least = None, (inf, inf)
    for layer, at in enumerate(free):
        if at > job.latest:
            continue
        price = -1.0 if layer < terms.min_workers else min(max(0.0, job.release - at), terms.pool.load_s)
        key = (price, -at)
        if key < least:
            found, least = layer, key
    return found


def _another(job: Job, free: list[float], current: list[Shift], shifts: list[Shift], terms: Terms) -> int | None:
    """A new layer; None where no more are allowed, or none could be loaded in time."""
    if len(free) >= terms.max_workers or terms.pool.load_s > job.latest:
        return None
    ready = max(job.release, terms.pool.load_s)
    shift = Shift(ready, ready)
    shifts.append(shift)
    current.append(shift)
    free.append(ready)
    return len(free) - 1
