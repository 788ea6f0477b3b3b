"""What a page of /metrics says of one model: in, samples; out, sizes. Called by `measure`."""

import math
from collections.abc import Iterable, Sequence

from servescope.autoscaler.simulator.histogram import Histogram
from servescope.cli.client.scrape import Sample, total, worked_s

# Below this a worker's processor time is mostly that of its start.
_ENOUGH_BUSY_S = 30.0
_LEAST_CORES = 0.1


def largest(samples: Iterable[Sample], name: str) -> float | None:
    """The largest value of a family's samples; None where there is none above zero."""
    values = [one.value for one in samples if one.name == name and math.isfinite(one.value)]
    return max(values, default=0) or None


def only_label(samples: Iterable[Sample], name: str, label: str) -> str | None:
    """A label's value on a family's first sample."""
    return next((one.labels.get(label) for one in samples if one.name == name), None)


def cores(samples: Sequence[Sample]) -> float | None:
    """Processor time over busy time, all workers together; None where they have hardly been busy."""
    busy = total(samples, "servescope_worker_busy_seconds_total")
    used = worked_s(samples)
    return max(_LEAST_CORES, used / busy) if busy >= _ENOUGH_BUSY_S and used > 0 else None


def load_p90(samples: Iterable[Sample]) -> float | None:
    """The 90th percentile of the times in which workers loaded, in seconds; None where none is known."""
    until = {
        float(one.labels["le"]): one.value for one in samples if one.name == "servescope_worker_load_seconds_bucket"
    }
    finite = sorted(bound for bound in until if math.isfinite(bound))
    if not finite or not until.get(math.inf):
        return None
    # What is above the last bound is taken to be at it.
    counts = [*(until[bound] for bound in finite[:-1]), until[math.inf]]
    return Histogram(finite, counts).quantile(0.9)


def objectives(samples: Sequence[Sample]) -> tuple[str, ...]:
    """In words, as `latency: 99 % within 250 ms`."""
    limits = {one.labels["slo"]: one.value for one in samples if one.name == "servescope_slo_threshold_seconds"}
    found = []
    for one in samples:
        if one.name == "servescope_slo_target_ratio":
            slo = one.labels["slo"]
            within = f" within {1000 * limits[slo]:g} ms" if slo in limits else ""
            found.append(f"{slo}: {100 * one.value:g} %{within}")
    return tuple(found)
