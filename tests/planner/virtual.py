"""A pool of workers in virtual time: in, arrivals and service times; out, a `Trial`. What the search is tried on."""

import heapq
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from servescope.planner.load.schedule import poisson
from servescope.planner.load.trial import LOST, Sent, Trial

Service = Callable[[random.Random], float]


@dataclass
class VirtualPool:
    """Workers with one queue, first come, first served. It is empty when a load begins.

    `service`: draws seconds. `queue`: requests that may wait; one more gets 503. `now`: virtual seconds, which a load moves on.
    `failing`: the share that the handler raises for, which is 503 too. `beside_s`: that a load takes beside its own time.
    """

    workers: int
    service: Service
    chance: random.Random
    queue: int = 1_000_000
    now: float = 0.0
    failing: float = 0.0
    beside_s: float = 0.0

    def clock(self) -> float:
        """The virtual time."""
        return self.now

    def measure(self, rate: float, seconds: float) -> Trial:
        """A load of Poisson arrivals."""
        free = [0.0] * self.workers
        begun: list[float] = []  # of those that may still wait, when each begins
        sent, failures, busy_s, rejected = [], Counter[int](), 0.0, 0
        for at in poisson(rate, seconds, self.chance):
            begun = [moment for moment in begun if moment > at]
            if len(begun) >= self.queue:
                failures[503] += 1
                rejected += 1
                sent.append(Sent(at, LOST))
                continue
            begin = max(at, free[0])
            took = self.service(self.chance)
            heapq.heapreplace(free, begin + took)
            if begin > at:
                begun.append(begin)
            busy_s += took
            failed = self.failing > 0 and self.chance.random() < self.failing
            failures[503] += failed
            sent.append(Sent(at, LOST if failed else begin + took - at))
        self.now += seconds + self.beside_s
        return Trial(rate, seconds, self.workers, sent, +failures, busy_s=busy_s, rejected=rejected)
