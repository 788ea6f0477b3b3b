"""The shifts of the perfect pool's workers: in, jobs as they were given out; out, what that costs, and when requests were
answered.

A shift is a worker's time from the decision to start it until it is gone. Made by `ahead` and `layers`, compared by `schedule`.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
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

    def peak(self) -> int:
        """The most workers that are ready at once."""
        steps = [(shift.ready, 1) for shift in self.shifts] + [(shift.end, -1) for shift in self.shifts]
        return max(accumulate(step for _, step in sorted(steps)))


def first_ones(terms: Terms) -> list[Shift]:
    """The workers that are there at the beginning."""
    return [Shift(0.0, 0.0, loaded=True) for _ in range(terms.min_workers)]


@dataclass(slots=True)
class _Gap:
    """Of a shift, between two jobs."""

    begin: float
    end: float
    shift: Shift


def with_late_ones(load: Load, schedule: Schedule) -> Schedule:
    """The late requests are answered too: in the first gap that has room, else after the shift that ends last.

    The shifts are changed. Those that are late anyway can wait for a gap: that costs the fewest worker-seconds.
    """
    gaps = deque(sorted(_gaps(schedule.shifts), key=lambda gap: gap.begin))
    last = max(schedule.shifts, key=lambda shift: shift.end)
    filled: dict[int, Shift] = {}
    for number in schedule.late:
        job = Job(load.arrivals[number], load.services[number], inf, [number])
        while gaps and gaps[0].end <= job.release:
            gaps.popleft()
        found = next((gap for gap in gaps if max(gap.begin, job.release) + job.service <= gap.end), None)
        if found is None:
            last.give(max(job.release, last.end), job)
            continue
        begins = max(found.begin, job.release)
        found.begin = begins + job.service
        found.shift.work.append((begins, job))
        filled[id(found.shift)] = found.shift
    for shift in filled.values():
        shift.work.sort(key=lambda given: given[0])
    return schedule


def _gaps(shifts: Iterable[Shift]) -> Iterator[_Gap]:
    for shift in shifts:
        free = shift.ready
        for began, job in shift.work:
            if began > free:
                yield _Gap(free, began, shift)
            free = began + job.service
        if shift.end > free:
            yield _Gap(free, shift.end, shift)


def answered(shifts: Iterable[Shift]) -> dict[int, float]:
    """When each request was answered."""
    return {number: began + job.service for shift in shifts for began, job in shift.work for number in job.requests}
