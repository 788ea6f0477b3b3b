"""Rate, errors and durations of each model: in, the histograms' form; out, recordings over 5 minutes."""

from servescope.operate.promql import (
    Form,
    Recording,
    equal,
    like,
    metric,
    rate,
    ratio,
    sum_by,
    sum_rate,
)
from servescope.operate.recordings.levels import INSTANCE_MODEL, MODEL
from servescope.operate.recordings.percentiles import percentile_recordings

_WINDOW = "5m"


def request_recordings(form: Form) -> tuple[Recording, ...]:
    """The RED recordings: by server and code first, and from these by model."""
    codes = Recording(
        "instance_model_code:servescope_requests:rate5m",
        sum_by(rate(metric("servescope_requests_total"), _WINDOW), *INSTANCE_MODEL, "code"),
    )
    requests = Recording("model:servescope_requests:rate5m", sum_by(codes.read.now, *MODEL))
    failed = Recording(
        "model:servescope_requests_failed:rate5m", sum_by(codes.read.where(like("code", "5..")).now, *MODEL)
    )
    refusals = Recording(
        "instance_model_reason:servescope_rejected:rate5m",
        sum_by(rate(metric("servescope_rejected_total"), _WINDOW), *INSTANCE_MODEL, "reason"),
    )
    return (
        codes,
        requests,
        failed,
        Recording("model:servescope_requests_failed:ratio5m", ratio(failed.read.now, requests.read.now)),
        refusals,
        *_durations(form),
    )


def _durations(form: Form) -> tuple[Recording, ...]:
    """Of answers without an error, and the time spent in each stage."""
    answered = metric("servescope_request_duration_seconds").where(equal("outcome", "ok"))
    stages = metric("servescope_request_stage_seconds")
    return (
        *percentile_recordings(
            answered, "instance_model:servescope_request_duration_seconds_ok:rate5m", (0.5, 0.9, 0.99), form
        ),
        Recording(
            "instance_model_stage:servescope_request_stage_seconds:busy5m",
            sum_rate(stages, _WINDOW, (*INSTANCE_MODEL, "stage"), form),
        ),
    )
