"""What a count is kept within: in, the count that is wanted; out, the count that may be, and what held it.

In this order, the last one wins: a step, the least, the most, workers that do not load, room. So there is never more than there
is room for, and never more than asked for.
"""

import math
from typing import NamedTuple

from servescope.autoscaler.signals import Room

FAILED_STARTS = "failed_starts"


class Bounds(NamedTuple):
    """`least` is 0 for a model that sleeps. `loadable`: the most while starts fail; it yields to `least`. None: no such bound."""

    least: int
    most: int
    growth: float
    loadable: int | None
    room: Room | None

    def within(self, wanted: int, there: int) -> tuple[int, str | None]:
        """The count, and the name of what made it differ from `wanted`."""
        workers, bound = wanted, None
        step = max(there + 1, math.floor(self.growth * there))
        if workers > step:
            workers, bound = step, "step"
        if workers < self.least:
            workers, bound = self.least, "min"
        if workers > self.most:
            workers, bound = self.most, "max"
        if self.loadable is not None and workers > max(self.least, self.loadable):
            workers, bound = max(self.least, self.loadable), FAILED_STARTS
        if self.room is not None and workers > there + self.room.more:
            workers, bound = there + self.room.more, self.room.scarcest
        return workers, bound if workers != wanted else None
