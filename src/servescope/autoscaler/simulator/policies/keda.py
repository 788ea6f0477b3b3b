"""KEDA on a Prometheus query, after its documentation (ScaledObject, 2.22), and Kubernetes' HPA, which it makes and feeds.

KEDA itself decides between none and one worker only (`pollingInterval` 30 s, `cooldownPeriod` 300 s). Above one it hands the
query's result to an HPA as an external metric of type AverageValue (`GetExternalPerPodMetricReplicas`), which asks every 15 s.
The query is the sum of what waits and is worked on, averaged over a minute of scrapes that are 15 s apart, as `servescope
prometheus` sets them. It has no default for the threshold; it is HPA's here, 80 % of what a worker takes at once.
"""

from math import ceil

from servescope.autoscaler.simulator.policies.hpa import TARGET, Behaviour
from servescope.autoscaler.simulator.policies.policy import MeanConcurrency
from servescope.autoscaler.simulator.pool import SimulatedPool

_QUERY_S = 60.0


class Keda:
    """`batch_size`: how many requests a worker takes at once."""

    name = "keda"
    interval_s = Behaviour.interval_s

    def __init__(self, batch_size: int, workers: int) -> None:
        self._threshold = TARGET * batch_size
        self._mean = MeanConcurrency(_QUERY_S)
        self._behaviour = Behaviour(workers)

    def desired(self, pool: SimulatedPool) -> int:
        """See `Policy`."""
        self._mean.look(pool)
        current, total = pool.size, self._mean.over(_QUERY_S)
        ratio = total / (self._threshold * current)
        wanted = current if abs(1 - ratio) <= Behaviour.tolerance else ceil(total / self._threshold)
        return self._behaviour.limited(pool.now, current, wanted)
