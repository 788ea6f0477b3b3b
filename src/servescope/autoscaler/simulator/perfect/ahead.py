"""A schedule that looks ahead: the fewest workers that will do, each of which takes the job whose turn it is.

In: jobs in the order of arrival. Out: a schedule. A worker is added where a job would be late, and as early as it is of use: when
the queue began that the job is in, or somewhat before it is late where that is long ago. One that idles is taken away if the
others will do for as long as a load takes, for else idling costs less than to load again. Called by `schedule`.
"""

from collections import defaultdict, deque
from collections.abc import Sequence
from heapq import heappop, heappush

from servescope.autoscaler.simulator.perfect.floor import Floor
from servescope.autoscaler.simulator.perfect.jobs import Job
from servescope.autoscaler.simulator.perfect.shifts import Schedule, Shift, first_ones
from servescope.autoscaler.simulator.replay import Terms

_STEPS = 8  # that the reach is divided into
_LOOKS = 0.5  # of the objective: how far apart two looks ahead are, for each takes a while


def looking_ahead(jobs: Sequence[Job], terms: Terms, end_s: float, reach_s: float) -> Schedule:
    """`reach_s`: how much earlier than a job would be late a worker may come for it. Which is the best depends on the load."""
    planner = _Planner(jobs, terms, reach_s)
    planner.plan()
    return planner.carried_out(end_s)


def _turn(job: Job, load_s: float) -> float:
    """Who has to begin first is next. As long as nobody else can be loaded, some will be late; fewer of them if first come is
    first.
    """
    return job.latest if job.latest >= load_s else job.release - load_s


class _Planner:
    """Goes through the jobs, and back to where a worker was missing."""

    def __init__(self, jobs: Sequence[Job], terms: Terms, reach_s: float) -> None:
        self._jobs, self._terms, self._reach_s = jobs, terms, reach_s
        self._turns = [_turn(job, terms.pool.load_s) for job in jobs]
        self._floor = self._first_floor()
        self._back: deque[Floor] = deque()
        # By the number of jobs that were given before: a worker is ready at a moment, or the one that is free first goes (None).
        self._steps: dict[int, list[float | None]] = defaultdict(list)
        self._late: set[int] = set()
        self._left: list[float] = []  # when those that went were gone
        self._workers = terms.min_workers
        self._next_look = 0.0

    def _first_floor(self) -> Floor:
        return Floor(self._turns, [(0.0, number) for number in range(self._terms.min_workers)])

    def plan(self) -> None:
        """Decide whom to have when, and which jobs cannot be in time."""
        self._remember(afresh=True)
        while True:
            idle = self._floor.idle(self._jobs)
            if idle is not None:
                self._floor.now = idle
                self._take_away(idle)
                self._remember(afresh=True)
            found = self._floor.next(self._jobs)
            if found is None:
                return
            begins, number = found
            job = self._jobs[number]
            if number in self._late:
                self._floor.drop()
            elif begins <= job.latest:
                self._remember(afresh=begins <= job.release)
                self._floor.give(begins, job.service)
            elif not self._came(job):
                self._late.add(number)
                self._floor.drop()

    def _remember(self, *, afresh: bool) -> None:
        """Where one can go back to; `afresh`: no further than to here."""
        back, now = self._back, self._floor.now
        if afresh:
            back.clear()
        elif now < back[-1].now + self._reach_s / _STEPS:
            return
        back.append(self._floor.copy())
        while len(back) > 1 and back[0].now < now - self._reach_s:
            back.popleft()

    def _came(self, job: Job) -> bool:
        """Go back, to have one more from there on; False: it could not be in time, or there are as many as there may be."""
        back, load_s = self._back[0], self._terms.pool.load_s
        ready = min(max(load_s, back.now), job.latest)
        loads = ready - load_s
        there = len(back.free) + sum(at > loads for at in self._left)
        if loads < 0 or there >= self._terms.max_workers or self._workers > len(self._jobs) + self._terms.min_workers:
            return False
        self._floor = back
        heappush(back.free, (ready, self._workers))
        self._workers += 1
        self._steps[back.given].append(ready)
        self._remember(afresh=True)
        return True

    def _take_away(self, now: float) -> None:
        """Those that idle, as long as the others will do."""
        free, floor = self._floor.free, self._floor
        while len(free) > self._terms.min_workers and free[0][0] <= now and now >= self._next_look:
            others = floor.copy()
            heappop(others.free)
            if self._will_do(others, free[0][0] + self._terms.pool.load_s + self._terms.objective_s):
                self._left.append(heappop(free)[0])
                self._steps[floor.given].append(None)
            else:
                self._next_look = now + _LOOKS * self._terms.objective_s

    def _will_do(self, floor: Floor, until: float) -> bool:
        jobs = self._jobs
        while (found := floor.next(jobs)) is not None and found[0] < until:
            begins, number = found
            if number in self._late:
                floor.drop()
            elif begins > jobs[number].latest:
                return False
            else:
                floor.give(begins, jobs[number].service)
        return True

    def carried_out(self, end_s: float) -> Schedule:
        """The plan as shifts."""
        shifts = first_ones(self._terms)
        floor, done = self._first_floor(), -1
        while True:
            for ready in self._steps.get(floor.given, ()) if floor.given > done else ():
                if ready is None:
                    heappop(floor.free)
                else:
                    heappush(floor.free, (ready, len(shifts)))
                    shifts.append(Shift(ready, ready))
            done = floor.given
            found = floor.next(self._jobs)
            if found is None:
                break
            begins, number = found
            if number in self._late:
                floor.drop()
            else:
                shifts[floor.free[0][1]].give(begins, self._jobs[number])
                floor.give(begins, self._jobs[number].service)
        for _, number in sorted(floor.free)[-self._terms.min_workers :]:
            shifts[number].end = max(shifts[number].end, end_s)
        late = [number for at in sorted(self._late) for number in self._jobs[at].requests]
        return Schedule(shifts, late)
