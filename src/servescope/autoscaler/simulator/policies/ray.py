"""Ray Serve's default policy: `python/ray/serve/autoscaling_policy.py` at 00590c45, `_private/autoscaling_state.py` at 00215194.

Defaults: 2 ongoing requests a replica, means over 30 s, a loop every 0.1 s, and a decision counts when every loop of 30 s (up) or
600 s (down) has made it: int(30 / 0.1) loops in a row, and one more. Handles and replicas report every 10 s. The smoothing
factors are 1. The count that it compares with is the target, the ratio is that of the running replicas.
"""

from math import ceil

from servescope.autoscaler.simulator.policies.policy import MeanConcurrency
from servescope.autoscaler.simulator.pool import SimulatedPool

_TARGET = 2.0
_LOOK_BACK_S = 30.0
_UP_S, _DOWN_S = 30.0, 600.0
_REPORTS_S = 10.0
_LOOP_S = 0.1


class RayServe:
    """The reports come every 10 s, so that nothing is new in between: a look then stands for all loops until the next."""

    name = "ray"
    interval_s = _LOOP_S

    def __init__(self) -> None:
        self._mean = MeanConcurrency(_LOOK_BACK_S)
        self._loops = 0
        self._reported_at = 0.0
        self._total = 0.0
        self._in_a_row = 0  # decisions: up above zero, down below

    def desired(self, pool: SimulatedPool) -> int | None:
        """See `Policy`."""
        if pool.now >= self._reported_at + _REPORTS_S - _LOOP_S / 2:
            self._reported_at = pool.now
            self._mean.look(pool)
            self._total = self._mean.over(_LOOK_BACK_S)
        wanted = max(1, ceil(self._total / _TARGET))
        current = pool.size
        if wanted == current:
            self._in_a_row = 0
            return None
        step = 1 if wanted > current else -1
        self._in_a_row = step if self._in_a_row * step <= 0 else self._in_a_row + step
        if abs(self._in_a_row) <= int((_UP_S if step > 0 else _DOWN_S) / _LOOP_S):
            return None
        self._in_a_row = 0
        return wanted
