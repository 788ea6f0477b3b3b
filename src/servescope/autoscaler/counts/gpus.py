"""How many workers keep GPUs as busy as they shall be: in, how busy each is; out, a count.

Only where somebody set a target: a GPU counts as busy while anything runs on it, so a single request may make it wholly busy.
"""

import math
from collections.abc import Sequence

from servescope.autoscaler.counts.windows import Mean


class Gpus:
    """`target`: a share of 1. By less than `tolerance` it may be missed."""

    def __init__(self, seconds: float, target: float, tolerance: float) -> None:
        self._target, self._tolerance = target, tolerance
        self._busy = Mean(seconds)

    def workers(self, at: float, shares: Sequence[float], there: int) -> int:
        """`shares`: of each GPU that is known of, at least one. `there`: the workers that use them."""
        ratio = self._busy.over(at, sum(shares) / len(shares)) / self._target
        if abs(ratio - 1.0) <= self._tolerance:
            return there
        return math.ceil(there * ratio - 1e-9)
