"""The server's own policy, on a simulated pool: in, what the pool shows; out, the count that `autoscaler.scaler` decides on.

It is told what the server's loop tells it once a second: counts, the queue, workers, and how long the last requests took a
worker.
"""

from collections import deque
from math import isnan

from servescope.autoscaler.options import PolicyOptions
from servescope.autoscaler.scaler import Scaler
from servescope.autoscaler.signals import ServiceTimes, Signals
from servescope.autoscaler.simulator.pool import SimulatedPool
from servescope.autoscaler.simulator.replay import Terms

_REMEMBERED = 500
_FEW = 20
_QUANTILES = 20


def default_options(terms: Terms) -> PolicyOptions:
    """What a model is told on these terms if nobody asks for anything else."""
    return PolicyOptions(
        objective_s=terms.objective_s,
        min_workers=terms.min_workers,
        max_workers=terms.max_workers,
        at_once=terms.pool.batch_size,
    )


class Servescope:
    """See `policies.policy.Policy`."""

    name = "servescope"
    interval_s = 1.0

    def __init__(self, terms: Terms, options: PolicyOptions | None = None) -> None:
        """`options`: those of a server's model; None: the defaults, with these terms."""
        self._objective_s = terms.objective_s
        self._scaler = Scaler(options or default_options(terms))
        self._pool: SimulatedPool | None = None
        self._late = 0
        self._took: deque[float] = deque(maxlen=_REMEMBERED)

    def desired(self, pool: SimulatedPool) -> int:
        """See `policies.policy.Policy`."""
        if self._pool is None:
            self._watch(pool)
        decision = self._scaler.decide(
            Signals(
                at=pool.now,
                arrived=pool.next_arrival,
                finished=pool.finished_count,
                late=self._late,
                queued=len(pool.queue),
                workers=pool.ready,
                starting=pool.size - pool.ready,
                service=self._service(pool),
                load_s=pool.options.load_s,
                in_flight=pool.in_hand,
                oldest_s=pool.oldest_s,
            )
        )
        return decision.workers

    def _watch(self, pool: SimulatedPool) -> None:
        self._pool = pool
        pool.on_finished = self._finished
        for index in range(pool.next_arrival):
            if not isnan(pool.finished[index]):
                self._finished(index, pool.finished[index])

    def _finished(self, index: int, at: float) -> None:
        assert self._pool is not None
        self._late += at - self._pool.arrivals[index] > self._objective_s
        self._took.append(self._pool.services[index])

    def _service(self, pool: SimulatedPool) -> ServiceTimes | None:
        """A request's share of a worker's time on average, and how long requests took there."""
        count = len(self._took)
        if count < _FEW:
            return None
        ordered = sorted(self._took)
        quantiles = tuple(ordered[int((number + 0.5) * count / _QUANTILES)] for number in range(_QUANTILES))
        mean = sum(ordered) / count / pool.options.batch_size
        return ServiceTimes(mean, quantiles)
