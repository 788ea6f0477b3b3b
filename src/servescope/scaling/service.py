"""How long a model's workers take for a request: in, the times of its last batches; out, `ServiceTimes`. Asked by `measures`."""

from collections.abc import Collection
from operator import attrgetter, truediv

from servescope.autoscaler.signals import ServiceTimes
from servescope.metrics.recording.requests.times import BatchTimes

_took, _size = attrgetter("prediction"), attrgetter("size")
FEWEST = 20
QUANTILES = 20


def service_times(served: Collection[BatchTimes], at_once: int | None) -> ServiceTimes | None:
    """Of requests that were served, each with its batch's times; None where they are too few.

    The mean is a request's share of a worker's time: a batch's time is divided by its requests, and that of an asynchronous worker
    by how many it has in hand `at_once` (1: one batch at a time). The quantiles are of the time that a request spends at a worker.
    """
    count = len(served)
    if count < FEWEST:
        return None
    took, together = sorted(map(_took, served)), float(at_once or 1)
    mean = sum(map(truediv, map(_took, served), map(_size, served))) / count / together
    quantiles = tuple(took[int((number + 0.5) * count / QUANTILES)] for number in range(QUANTILES))
    return ServiceTimes(mean, quantiles, together)
