"""What the policy is told of one model version at one moment. Made by the loop of the metrics' snapshot, and by the
simulator.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ServiceTimes:
    """How long workers take for a request: seconds on average, and the times that equal shares of the requests take,
    ascending.
    """

    mean_s: float
    quantiles_s: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Signals:
    """`at`: monotonic seconds. Counts are since the model was registered, and never go down.

    `arrived`: requests; `finished`: those that are over; `late`: of these, those outside the objective. `queued` wait for a
    worker, `workers` are at work, `starting` load. `service` None: too few requests yet. `load_s`: how long a worker takes to
    load, the 90th percentile.
    """

    at: float
    arrived: float
    finished: float
    late: float
    queued: int
    workers: int
    starting: int
    service: ServiceTimes | None
    load_s: float
