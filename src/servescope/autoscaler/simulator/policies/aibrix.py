"""AIBrix' APA: `pkg/controller/podautoscaler` of vllm-project/aibrix.

`algorithm/apa.go` at 4148b7a1, `context/context.go` at 2576b186, `autoscaler.go` and `podautoscaler_controller.go` at 015a2e5f.

Defaults: tolerance 0.1 each way, up at most twofold, down at most by half, no cooldown up, 300 s down (the highest recommendation
of that time holds), windows of 180 s and 60 s, of which APA reads the longer, a reconciliation every 10 s. Workers that load
count as missing metrics on the way up and as being at the target on the way down (the pending replica guard). It has no default
for the target; it is 70 % of what a worker takes at once here, as Knative's.
"""

from math import ceil, floor

from servescope.autoscaler.simulator.policies.policy import MeanConcurrency, Recent
from servescope.autoscaler.simulator.pool import SimulatedPool

_TARGET = 0.70
_WINDOW_S = 180.0
_TOLERANCE = 0.1
_RATE = 2.0
_DOWN_COOLDOWN_S = 300.0


class AibrixApa:
    """`batch_size`: how many requests a worker takes at once."""

    name = "aibrix"
    interval_s = 10.0

    def __init__(self, batch_size: int, workers: int) -> None:
        self._target = _TARGET * batch_size
        self._mean = MeanConcurrency(_WINDOW_S)
        self._recent = Recent(_DOWN_COOLDOWN_S)
        self._recent.highest(0.0, workers)

    def desired(self, pool: SimulatedPool) -> int:
        """See `Policy`."""
        self._mean.look(pool)
        wanted = self._guarded(pool, self._recommended(pool))
        highest = self._recent.highest(pool.now, wanted)
        return min(pool.size, highest) if wanted < pool.size else wanted

    def _by_worker(self, pool: SimulatedPool) -> float:
        return self._mean.over(_WINDOW_S) / max(1, pool.ready) / self._target

    def _recommended(self, pool: SimulatedPool) -> int:
        ratio, current = self._by_worker(pool), pool.size
        wanted = ceil(current * ratio)
        if ratio > 1 + _TOLERANCE:
            return min(wanted, ceil(current * _RATE))
        if ratio < 1 - _TOLERANCE:
            return max(wanted, floor(current / _RATE))
        return current

    def _guarded(self, pool: SimulatedPool, wanted: int) -> int:
        """With workers that load, the change is smaller, or none."""
        current, ready = pool.size, pool.ready
        if ready >= current or wanted == current:
            return wanted
        measured = self._by_worker(pool) * ready
        if wanted > current:
            return min(wanted, max(current, ceil(measured)))
        return max(wanted, min(current, ceil(measured + current - ready)))
