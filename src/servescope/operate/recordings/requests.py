"""Rate, errors and durations of each model: in, the histograms' form; out, recordings over 5 minutes."""

from servescope.operate.promql import (
    Form,
    Recording,
    equal,
    heat,
    like,
    metric,
    quantile_of,
    rate,
    ratio,
    sum_by,
    sum_rate,
)
from servescope.operate.recordings.levels import INSTANCE_MODEL, MODEL

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
    """Of answers without an error: the buckets once, and quantiles from them; and the time spent in each stage."""
    answered = metric("servescope_request_duration_seconds").where(equal("outcome", "ok"))
    buckets = Recording(
        "instance_model:servescope_request_duration_seconds_ok:rate5m", heat(answered, _WINDOW, INSTANCE_MODEL, form)
    )
    by = (*MODEL, "le") if form == "classic" else MODEL
    stages = metric("servescope_request_stage_seconds")
    return (
        buckets,
        *(
            Recording(
                f"model:servescope_request_duration_seconds:p{round(share * 100)}_5m",
                quantile_of(share, sum_by(buckets.read.now, *by)),
            )
            for share in (0.5, 0.9, 0.99)
        ),
        Recording(
            "instance_model_stage:servescope_request_stage_seconds:busy5m",
            sum_rate(stages, _WINDOW, (*INSTANCE_MODEL, "stage"), form),
        ),
    )
