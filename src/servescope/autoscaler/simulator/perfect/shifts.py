"""The shifts of the perfect pool's workers: in, jobs as they were given out; out, what that costs, and when requests were answered.

A shift is a worker's time from the decision to start it until it is gone. Made by `ahead` and `layers`, compared by `schedule`.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import inf

from servescope.autoscaler.simulator.perfect.jobs import Job
from servescope.autoscaler.simulator.replay import Load, Terms


@dataclass(slots=True)
class Shift:
    """In seconds. `loaded`: one of the workers that are there at the beginning; `work`: in order, with its start."""

    ready: float
    end: float
    loaded: bool = False
    work: list[tuple[float, Job]] = field(default_factory=list)

    def give(self, begins: float, job: Job) -> None:
        """The next job, which lasts until the end of the shift as it is known so far."""
        self.work.append((begins, job))
        self.end = begins + job.service

    def cost_s(self, load_s: float) -> float:
        """Worker-seconds, loading included."""
        return self.end - self.ready + (0.0 if self.loaded else load_s)


@dataclass(frozen=True)
class Schedule:
    """`late`: the requests that are not in time, in the order of arrival."""

    shifts: Sequence[Shift]
    late: Sequence[int]

    def cost_s(self, load_s: float) -> float:
        """Worker-seconds of all shifts."""
        return sum(shift.cost_s(load_s) for shift in self.shifts)


def first_ones(terms: Terms) -> list[Shift]:
    """The workers that are there at the beginning."""
    return [Shift(0.0, 0.0, loaded=True) for _ in range(terms.min_workers)]


def with_late_ones(load: Load, schedule: Schedule) -> Schedule:
    """The late requests are answered too: in gaps of shifts as far as there is room, then after the shift that ends last.

    The shifts are changed. Those that are late anyway are in no hurry: that costs the fewest worker-seconds.
    """
    waiting = deque(Job(load.arrivals[number], load.services[number], inf, number, 1) for number in schedule.late)
    for shift in sorted(schedule.shifts, key=lambda shift: shift.ready):
        if not waiting:
            break
        waiting = _fill(shift, waiting)
    last = max(schedule.shifts, key=lambda shift: shift.end)
    for job in waiting:
        last.give(max(job.release, last.end), job)
    return schedule


def _fill(shift: Shift, waiting: deque[Job]) -> deque[Job]:
    """Put into the shift's gaps what has room there; what has not."""
    work: list[tuple[float, Job]] = []
    left: deque[Job] = deque()
    free = shift.ready
    for began, job in [*shift.work, (shift.end, None)]:
        while waiting:
            begins = max(free, waiting[0].release)
            if begins >= began:
                break
            if begins + waiting[0].service <= began:
                work.append((begins, waiting[0]))
                free = begins + waiting.popleft().service
            else:
                left.append(waiting.popleft())
        if job is not None:
            work.append((began, job))
            free = began + job.service
    shift.work = work
    return deque(sorted([*left, *waiting], key=lambda job: job.release))


def answered(shifts: Iterable[Shift]) -> dict[int, float]:
    """When each request was answered."""
    return {
        number: began + job.service
        for shift in shifts
        for began, job in shift.work
        for number in range(job.first, job.first + job.count)
    }
