"""The rate at which an objective is just kept: in, blocks of requests; out, an `Edge`. Pure; called by `search`.

Whether a single load kept p99 is nearly a matter of luck: of 500 requests five may be late, and they are late together. So no
single load decides. The logarithm of the share that is late grows with the rate in nearly a straight line: in every queue with
Poisson arrivals the chance of a long wait falls off exponentially, at a speed that is about proportional to the room that is
left, and in M/M/1 exactly. That line is fitted to all blocks near the edge by Poisson regression. How much more the counts
scatter than Poisson's says how much they hang together, and widens the interval, which is where the confidence band of the line
crosses the objective (Fieller's).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from servescope.planner.load.trial import Block
from servescope.planner.search.line import Row, fit
from servescope.planner.search.students import quantile
from servescope.planner.theory.tail import Tail

CONFIDENCE = 0.95
# How far from the edge a block's weight is 0.6, from the first look to the last, in steps that multiply what is late by e: those
# farther off say more about the bend of the line than about where it crosses.
_WIDTHS = (6.0, 3.0, 2.0, 1.5, 1.5)
_FARTHEST = 0.5  # that one look moves the edge
_LIGHT = 0.01
_LEAST_BLOCKS = 4
_LEAST_LATE = 4
_LEAST_FREEDOM = 4  # the expected slope is worth some observations


@dataclass(frozen=True)
class Edge:
    """Requests a second, and the interval in which they are with a confidence of 95 %.

    `by`: `line`, the regression; `bracket`, the rates between which the search was left where too little was late to fit one.
    """

    rate: float
    low: float
    high: float
    by: Literal["line", "bracket"]

    def settled(self, early: float) -> "Edge":
        """Without what loads owe to beginning with idle workers, which makes it seem higher, by the share `early` at most."""
        return replace(self, rate=self.rate * (1 - early / 2), low=self.low * (1 - early))

    def capped(self, ceiling: float | None) -> "Edge":
        """Not above what the workers could do if they were never idle."""
        if ceiling is None:
            return self
        return Edge(min(self.rate, ceiling), min(self.low, ceiling), min(self.high, ceiling), self.by)


def find_edge(blocks: Sequence[Block], misses: float, bracket: Edge, tail: Tail) -> Edge:
    """`blocks`: of rates that the workers can keep up with. `misses`: the share that may be late. `bracket`: where the search
    was left.

    `tail`: how theory expects the share that is late to rise with the rate.
    """
    if len(blocks) < _LEAST_BLOCKS or sum(one.late for one in blocks) < _LEAST_LATE:
        return bracket
    found = replace(bracket, rate=tail.edge(blocks, misses))
    for width in _WIDTHS:  # what is near depends on where the edge is
        steep = tail.slope(found.rate, misses)
        line = _crossing(blocks, misses, found.rate, width / steep, steep)
        if line is None:
            break
        found = line
    return found if found.by == "line" else bracket


def _crossing(blocks: Sequence[Block], misses: float, around: float, width: float, steepness: float) -> Edge | None:
    """Where the fitted line crosses the objective; None where none can be fitted that rises."""
    xs = [one.rate / around - 1 for one in blocks]
    weights = [math.exp(-((x / width) ** 2) / 2) for x in xs]
    rows = [Row(x, w, one.requests, one.late) for x, w, one in zip(xs, weights, blocks, strict=True) if w > _LIGHT]
    fitted = fit(rows, steepness) if len(rows) >= _LEAST_BLOCKS else None
    if fitted is None or fitted.slope <= 0:
        return None
    gap = fitted.height - math.log(misses)
    x = max(-_FARTHEST, min(_FARTHEST, -gap / fitted.slope))
    t2 = quantile((1 + CONFIDENCE) / 2, max(_LEAST_FREEDOM, round(sum(weights)) - 1)) ** 2
    # Fieller: all x at which the band around the line has the objective in it.
    a = fitted.slope**2 - t2 * fitted.vss
    b = gap * fitted.slope - t2 * fitted.vhs
    c = gap**2 - t2 * fitted.vhh
    rate = around * (1 + x)
    if a <= 0:  # the slope might as well be none
        return Edge(rate, 0.0, math.inf, "line")
    root = math.sqrt(max(0.0, b * b - a * c))
    low, high = around * (1 + (-b - root) / a), around * (1 + (-b + root) / a)
    return Edge(rate, min(rate, max(0.0, low)), max(rate, high), "line")
