"""Knative's pod autoscaler: `pkg/autoscaler/scaling/autoscaler.go` (`Scale`) of knative/serving at 00a4a55c.

Defaults of `config-autoscaler`: 70 % of a worker's concurrency, a stable window of 60 s and a panic window of a tenth of it,
panic at twice the target, a tick of 2 s, up a thousandfold, down by half at a time, no delay before it goes down. Every pod
reports its mean concurrency once a second, and the queue before the pods (the activator's) counts. The grace of 30 s is for the
last worker alone.
"""

from math import ceil, floor

from servescope.autoscaler.simulator.policies.policy import MeanConcurrency
from servescope.autoscaler.simulator.pool import SimulatedPool

_TARGET = 0.70
_STABLE_S = 60.0
_PANIC_S = 6.0
_PANIC_THRESHOLD = 2.0
_MAX_UP = 1000.0
_MAX_DOWN = 2.0


class KnativePodAutoscaler:
    """`batch_size`: how many requests a worker takes at once (`containerConcurrency`)."""

    name = "kpa"
    interval_s = 2.0

    def __init__(self, batch_size: int, workers: int) -> None:
        self._target = _TARGET * batch_size
        self._mean = MeanConcurrency(_STABLE_S)
        # With more than one pod it starts in panic, so that an autoscaler that was restarted does not scale down at once.
        self._panic_since: float | None = 0.0 if workers > 1 else None
        self._panic_highest = workers if workers > 1 else 0

    def desired(self, pool: SimulatedPool) -> int:
        """See `Policy`."""
        self._mean.look(pool)
        ready = max(1, pool.ready)
        up, down = ceil(_MAX_UP * ready), floor(ready / _MAX_DOWN)
        wanted = ceil(self._mean.over(_STABLE_S) / self._target)
        wanted_now = ceil(self._mean.over(_PANIC_S) / self._target)
        stable, panic = min(max(wanted, down), up), min(max(wanted_now, down), up)
        self._mood(pool.now, wanted_now / ready >= _PANIC_THRESHOLD)
        if self._panic_since is None:
            return stable
        self._panic_highest = max(self._panic_highest, stable, panic)
        return self._panic_highest

    def _mood(self, now: float, over: bool) -> None:
        """Panic lasts until the load has been below the threshold for a stable window."""
        if over:
            self._panic_since = now
        elif self._panic_since is not None and self._panic_since + _STABLE_S < now:
            self._panic_since = None
            self._panic_highest = 0
