"""Rate, errors, durations and queue time a model, out of two readings of `/metrics`.

In: samples before and after, and the seconds between. Out: a row a model. Pure; shown by `demo`. Means come from
TorchServe's counters ts_inference_requests_total, ts_inference_latency_microseconds and ts_queue_latency_microseconds
(contract, section C), which every board of a TorchServe user already draws.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from servescope.cli.scrape import Sample, total, values_of

REQUESTS = "ts_inference_requests_total"
LATENCY = "ts_inference_latency_microseconds"
QUEUE = "ts_queue_latency_microseconds"
_MICROSECONDS_A_MILLISECOND = 1000


@dataclass(frozen=True)
class Red:
    """One model between two readings: requests a second, failed requests, means in milliseconds (None for no
    request).
    """

    model: str
    requests: float
    rate: float
    errors: float
    mean_ms: float | None
    queue_ms: float | None


def red_rows(before: Sequence[Sample], after: Sequence[Sample], elapsed_s: float) -> list[Red]:
    """A row for each model that the second reading counts requests for, by name. `elapsed_s` must be above 0."""
    models = values_of((sample for sample in after if sample.name == REQUESTS), "model_name")
    return [_row(model, before, after, elapsed_s) for model in models]


def _row(model: str, before: Sequence[Sample], after: Sequence[Sample], elapsed_s: float) -> Red:
    def gained(name: str) -> float:
        return total(after, name, model_name=model) - total(before, name, model_name=model)

    requests = gained(REQUESTS)
    return Red(
        model=model,
        requests=requests,
        rate=requests / elapsed_s,
        errors=_failed(after) - _failed(before),
        mean_ms=_mean(gained(LATENCY), requests),
        queue_ms=_mean(gained(QUEUE), requests),
    )


def _failed(samples: Sequence[Sample]) -> float:
    return total(samples, "Requests4XX") + total(samples, "Requests5XX")


def _mean(microseconds: float, requests: float) -> float | None:
    return microseconds / requests / _MICROSECONDS_A_MILLISECOND if requests > 0 else None
