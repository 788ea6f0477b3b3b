"""NVIDIA Dynamo's load-based planner, optimization target throughput.

`planner/core/load_scaling.py` (`_agg_easy_decision`) of ai-dynamo/dynamo at 0c6da1ec, `planner/config/defaults.py` at 1ca60155.

Defaults: every 5 s; one worker more where any is above 100 % of its capacity, queued requests included, one fewer where all are
below 60 %; nothing while workers come or go. Capacity is KV cache there and requests at once here: each worker's share of the
queue is the same, as its router deals them out.
"""

from servescope.autoscaler.simulator.policies.policy import MeanConcurrency
from servescope.autoscaler.simulator.pool import SimulatedPool

_UP, _DOWN = 1.0, 0.6
_INTERVAL_S = 5.0


class DynamoPlanner:
    """`batch_size`: how many requests a worker takes at once."""

    name = "dynamo"
    interval_s = _INTERVAL_S

    def __init__(self, batch_size: int) -> None:
        self._capacity = batch_size
        self._mean = MeanConcurrency(_INTERVAL_S)

    def desired(self, pool: SimulatedPool) -> int | None:
        """See `Policy`."""
        self._mean.look(pool)
        count = pool.ready
        if count != pool.size or count == 0:
            return None
        used = self._mean.over(_INTERVAL_S) / (count * self._capacity)
        if used > _UP:
            return count + 1
        return count - 1 if used < _DOWN and count > 1 else None
