"""Kubernetes' horizontal pod autoscaler: `replica_calculator.go` and `horizontal.go` of `pkg/controller/podautoscaler` at 00067268.

Defaults: a look every 15 s, tolerance 0.1, down to the highest recommendation of 300 s, up by 100 % or 4 pods in 15 s, whichever
is more, without a delay. The metric is that of the pods (`GetMetricReplicas`): concurrency by worker, as an adapter renews it
every 15 s. The target is 80 % of what a worker takes at once: what `autoscaling/v1` has for a default, and the one that is
published.
"""

from math import ceil

from servescope.autoscaler.simulator.policies.policy import MeanConcurrency, Recent
from servescope.autoscaler.simulator.pool import SimulatedPool

TARGET = 0.80
_METRIC_S = 15.0


class Behaviour:
    """What HPA makes of a recommendation: `behavior` at its defaults. KEDA's goes the same way."""

    interval_s = 15.0
    tolerance = 0.1

    def __init__(self, workers: int) -> None:
        self._recent = Recent(300.0)
        self._recent.highest(0.0, workers)
        self._ups: list[tuple[float, int]] = []

    def limited(self, now: float, current: int, wanted: int) -> int:
        """Stabilized on the way down, limited on the way up."""
        highest = self._recent.highest(now, wanted)
        if wanted < current:
            return min(current, highest)
        self._ups = [(at, by) for at, by in self._ups if at > now - self.interval_s]
        before = current - sum(by for _, by in self._ups)
        count = min(wanted, max(2 * before, before + 4))
        if count > current:
            self._ups.append((now, count - current))
        return max(count, current)


class HorizontalPodAutoscaler:
    """`batch_size`: how many requests a worker takes at once."""

    name = "hpa"
    interval_s = Behaviour.interval_s

    def __init__(self, batch_size: int, workers: int) -> None:
        self._target = TARGET * batch_size
        self._mean = MeanConcurrency(_METRIC_S)
        self._behaviour = Behaviour(workers)

    def desired(self, pool: SimulatedPool) -> int:
        """See `Policy`."""
        self._mean.look(pool)
        current = pool.size
        return self._behaviour.limited(pool.now, current, self._recommended(pool, current))

    def _recommended(self, pool: SimulatedPool, current: int) -> int:
        """Workers that load have no metric: they count as idle on the way up, and as being at the target on the way down."""
        total, ready = self._mean.over(_METRIC_S), max(1, pool.ready)
        ratio = total / (ready * self._target)
        if missing := current - ready:
            given = total if ratio > 1 else total + missing * self._target
            assumed = given / (current * self._target)
            if (assumed - 1) * (ratio - 1) < 0:
                return current
            ratio = assumed
        return current if abs(ratio - 1) <= Behaviour.tolerance else ceil(ratio * current)
