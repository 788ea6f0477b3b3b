"""A pool that stays as it is: in, a load; out, its size, which knows the busiest minute beforehand. Shown, and not competing.

The busiest minute's rate times the mean service time, over 0.7; with batches, the mean time of full ones over their size.
"""

from collections import Counter
from math import ceil

from servescope.autoscaler.simulator.pool import SimulatedPool
from servescope.autoscaler.simulator.replay import Load

_UTILIZATION = 0.7
_MINUTE_S = 60.0
_ROUNDING = 1e-9


class Fixed:
    """Never changes."""

    name = "fixed"
    interval_s = _MINUTE_S

    def desired(self, pool: SimulatedPool) -> None:
        """See `Policy`."""


def fixed_size(load: Load, batch_size: int) -> int:
    """How many workers it has."""
    busiest = max(Counter(int(at // _MINUTE_S) for at in load.arrivals).values())
    batches = [load.services[first : first + batch_size] for first in range(0, len(load.services), batch_size)]
    mean = sum(map(max, batches)) / len(load.services)
    return ceil(busiest / _MINUTE_S * mean / _UTILIZATION - _ROUNDING)
