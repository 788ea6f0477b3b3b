"""How the share of late requests should fall with the rate: in, a pool and a limit; out, exponents, slopes, rates. Pure.

In M/M/c the share that waits longer than t is C·exp(−(m−λ)·t), m being what all workers do together and C Erlang's share of
requests that wait at all. With other service times its logarithm is about a multiple of that, the same at all rates: so one
number, taken from what was late, makes theory fit. Called by `search.edge`.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from servescope.planner.load.trial import Block
from servescope.planner.theory.mmc import waits

_LEAST_WAIT = 0.25
_STEP = 0.01
_LEAST_SLOPE = 1.0
_FULLEST = 0.99
_HALVINGS = 50


@dataclass(frozen=True)
class Tail:
    """`ceiling`: requests a second that all workers could answer, never idle. `limit_s`: later than that is late."""

    ceiling: float
    workers: int
    limit_s: float

    def exponent(self, rate: float) -> float:
        """The logarithm of the share of late requests in M/M/c; below 0."""
        rate = min(rate, _FULLEST * self.ceiling)
        wait_s = max(self.limit_s - self.workers / self.ceiling, _LEAST_WAIT * self.limit_s)
        return math.log(waits(rate / self.ceiling * self.workers, self.workers)) - (self.ceiling - rate) * wait_s

    def slope(self, rate: float, misses: float) -> float:
        """D log(late share) / d log(rate), if `misses` are late at this rate."""
        at = min(rate, _FULLEST * self.ceiling)
        here, less = self.exponent(at), self.exponent(at * (1 - _STEP))
        return max(_LEAST_SLOPE, math.log(misses) / here * (here - less) / _STEP)

    def missing(self, rate: float, begin_s: float, end_s: float) -> float:
        """Of what is late in the long run, the share at most that is not late yet between two moments of a load that found nobody.

        A queue comes to what is usual at last as an exponential does, in M/M/c with the relaxation time 1/(√m − √λ)²; sooner at
        first.
        """
        room = (math.sqrt(self.ceiling) - math.sqrt(min(rate, _FULLEST * self.ceiling))) ** 2
        return (math.exp(-room * begin_s) - math.exp(-room * end_s)) / (room * (end_s - begin_s))

    def edge(self, blocks: Sequence[Block], misses: float) -> float:
        """The rate at which `misses` are late, if as many are late of all blocks together as were."""
        late = sum(one.late for one in blocks)
        exponents = [self.exponent(one.rate) for one in blocks]

        def expected(factor: float) -> float:
            return math.fsum(one.requests * math.exp(factor * e) for one, e in zip(blocks, exponents, strict=True))

        factor = _solved(lambda factor: expected(factor) <= late, 1e-3, 1e3)
        return _solved(
            lambda rate: factor * self.exponent(rate) >= math.log(misses), 1e-6 * self.ceiling, _FULLEST * self.ceiling
        )


def _solved(above: Callable[[float], bool], low: float, high: float) -> float:
    """Where it begins to hold, by halving the logarithm."""
    for _ in range(_HALVINGS):
        middle = math.sqrt(low * high)
        if above(middle):
            high = middle
        else:
            low = middle
    return high
