"""Jobs and the workers that they are given to, in turn. In, jobs by release; out, one after another.

Used by `ahead`. It is what a pool does with a given number of workers; the state is small, so that it can be copied and gone back
to.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush, heapreplace

from servescope.autoscaler.simulator.perfect.jobs import Job


@dataclass(slots=True)
class Floor:
    """`turns`: by job; of those that wait, the one with the lowest is next. `free`: a heap of when each worker is free, with its
    number.
    """

    turns: Sequence[float]
    free: list[tuple[float, int]]
    now: float = 0.0
    arrived: int = 0
    given: int = 0  # jobs so far: how one tells moments apart
    waiting: list[tuple[float, int]] = field(default_factory=list)

    def copy(self) -> "Floor":
        """As it is now."""
        return Floor(self.turns, list(self.free), self.now, self.arrived, self.given, list(self.waiting))

    def idle(self, jobs: Sequence[Job]) -> float | None:
        """When the next job comes, if nothing waits and somebody is free by then."""
        if self.waiting or self.arrived == len(jobs) or self.free[0][0] > jobs[self.arrived].release:
            return None
        return jobs[self.arrived].release

    def next(self, jobs: Sequence[Job]) -> tuple[float, int] | None:
        """When the next job begins, and which it is; None after the last. It is left to `give` or `drop`."""
        begins = max(self.free[0][0], self.now)
        count = len(jobs)
        if not self.waiting:
            if self.arrived == count:
                return None
            begins = max(begins, jobs[self.arrived].release)
        while self.arrived < count and jobs[self.arrived].release <= begins:
            heappush(self.waiting, (self.turns[self.arrived], self.arrived))
            self.arrived += 1
        self.now = begins
        return begins, self.waiting[0][1]

    def give(self, begins: float, service: float) -> None:
        """The job that is next to the worker that is free first."""
        heappop(self.waiting)
        heapreplace(self.free, (begins + service, self.free[0][1]))
        self.given += 1

    def drop(self) -> None:
        """The job that is next is not done."""
        heappop(self.waiting)
