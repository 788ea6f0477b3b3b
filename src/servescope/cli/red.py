"""Rate, errors, durations and queue time a model, out of two readings of `/metrics`.

In: samples before and after, and the seconds between. Out: a row a model. Pure; shown by `demo`. Read from this project's
own families, as a board would: servescope_requests_total, servescope_request_duration_seconds and the stage `queue` of
servescope_request_stage_seconds.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from servescope.cli.client.scrape import Sample, total, values_of

REQUESTS = "servescope_requests_total"
DURATION_BUCKETS = "servescope_request_duration_seconds_bucket"
STAGE = "servescope_request_stage_seconds"
_MILLISECONDS_A_SECOND = 1000


@dataclass(frozen=True)
class Red:
    """One model between two readings: requests a second, requests answered with a server error (5xx), milliseconds
    that half of the requests and 99 % of them took at most, mean milliseconds in the queue (None for no request).
    """

    model: str
    requests: float
    rate: float
    errors: float
    p50_ms: float | None
    p99_ms: float | None
    queue_ms: float | None


def red_rows(before: Sequence[Sample], after: Sequence[Sample], elapsed_s: float) -> list[Red]:
    """A row for each model that the second reading counts requests for, by name. `elapsed_s` must be above 0."""
    models = values_of((sample for sample in after if sample.name == REQUESTS), "model_name")
    return [_row(model, before, after, elapsed_s) for model in models]


def quantile(share: float, counts: Mapping[float, float]) -> float | None:
    """The value that this share (0 to 1) of the observations do not exceed, as PromQL's histogram_quantile estimates it.

    `counts`: observations by their bucket's upper bound, not cumulative. None where there is none. Within a bucket the
    observations are taken to be spread evenly; above the highest finite bound the answer is that bound.
    """
    everything = sum(counts.values())
    if everything <= 0:
        return None
    rank, below, low = share * everything, 0.0, 0.0
    for bound in sorted(counts):
        inside = counts[bound]
        if inside > 0 and below + inside >= rank:
            return low if math.isinf(bound) else low + (bound - low) * (rank - below) / inside
        below, low = below + inside, low if math.isinf(bound) else bound
    return low


def _row(model: str, before: Sequence[Sample], after: Sequence[Sample], elapsed_s: float) -> Red:
    def gained(name: str, **labels: str) -> float:
        return total(after, name, model_name=model, **labels) - total(before, name, model_name=model, **labels)

    earlier = duration_counts(before, model)
    counts = {bound: count - earlier.get(bound, 0.0) for bound, count in duration_counts(after, model).items()}
    requests = gained(REQUESTS)
    return Red(
        model=model,
        requests=requests,
        rate=requests / elapsed_s,
        errors=_failed(after, model) - _failed(before, model),
        p50_ms=_milliseconds(quantile(0.5, counts)),
        p99_ms=_milliseconds(quantile(0.99, counts)),
        queue_ms=_mean_ms(gained(f"{STAGE}_sum", stage="queue"), gained(f"{STAGE}_count", stage="queue")),
    )


def _failed(samples: Sequence[Sample], model: str) -> float:
    return sum(
        sample.value
        for sample in samples
        if sample.name == REQUESTS
        and sample.labels.get("model_name") == model
        and sample.labels.get("code", "") >= "500"
    )


def duration_counts(samples: Sequence[Sample], model: str) -> dict[float, float]:
    """Requests of the model by their bucket's upper bound. A page's buckets are cumulative; series may differ in bounds."""
    series: dict[frozenset[tuple[str, str]], dict[float, float]] = {}
    for sample in samples:
        if sample.name == DURATION_BUCKETS and sample.labels.get("model_name") == model:
            key = frozenset(item for item in sample.labels.items() if item[0] != "le")
            series.setdefault(key, {})[float(sample.labels["le"])] = sample.value
    counts: dict[float, float] = {}
    for cumulative in series.values():
        below = 0.0
        for bound, value in sorted(cumulative.items()):
            counts[bound] = counts.get(bound, 0.0) + value - below
            below = value
    return counts


def _mean_ms(seconds: float, requests: float) -> float | None:
    return _milliseconds(seconds / requests) if requests > 0 else None


def _milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else seconds * _MILLISECONDS_A_SECOND
