"""Rate, errors and durations of each model: in, the histograms' form; out, recordings over 5 and 10 minutes.

A share is of two counts that are recorded here, the whole before the part: vmalert reads both back from storage, and where
one of them is late, it is the part, so a share may be too small for an interval and is never too large.
"""

from typing import Final

from servescope.operate.promql import (
    Form,
    Matcher,
    Recording,
    Recordings,
    Selector,
    avg_over_time,
    equal,
    like,
    max_by,
    max_over_time,
    mean,
    metric,
    one_of,
    rate,
    recent,
    share,
    sum_by,
    sum_gained,
    sum_rate,
)
from servescope.operate.recordings.levels import INSTANCE_MODEL, MODEL
from servescope.operate.recordings.percentiles import percentile_recordings

_WINDOW: Final = "5m"
_GIVING_UP: Final = "10m"
_DURATION: Final = "servescope_request_duration_seconds"
_P99: Final = f"model:{_DURATION}:p99_5m"
# Seconds that the slowest of a model take on an ordinary day.
NORMAL: Final = f"model:{_DURATION}:normal"


def request_recordings(form: Form) -> tuple[Recording, ...]:
    """Rates by server and code for boards, counts and shares by model for alerts, durations."""
    requests, rejected = metric("servescope_requests_total"), metric("servescope_rejected_total")
    counts = _counts(requests, _WINDOW, {
        "servescope_requests_failed": requests.where(like("code", "5..")),
        "servescope_requests_refused": rejected.where(one_of("reason", "queue_full", "no_worker")),
    })  # fmt: skip
    return (
        Recording("instance_model_code:servescope_requests:rate5m", sum_by(rate(requests, _WINDOW), *INSTANCE_MODEL, "code")),
        Recording("instance_model_reason:servescope_rejected:rate5m", sum_by(rate(rejected, _WINDOW), *INSTANCE_MODEL, "reason")),
        *counts,
        _failed(counts),
        *_counts(requests, _GIVING_UP, {"servescope_requests_given_up": requests.where(given_up())}),
        *_durations(form),
    )  # fmt: skip


def normal_recordings(recorded: Recordings, form: Form) -> tuple[Recording, ...]:
    """What is normal for a model: its 99th percentile, or its mean where that is longer, as a percentile ends with the last
    bucket. Where nobody was answered there is no number.
    """
    slowest = max_over_time(recorded.read(_P99), "10m")
    answered = metric(_DURATION).where(equal("outcome", "ok"))
    if form == "native":
        usual = mean(answered, "10m", MODEL, form)
    else:
        usual = sum_gained(answered.sum, "10m", *MODEL) / sum_gained(answered.count, "10m", *MODEL)
    return (Recording(f"{NORMAL}10m", (slowest > usual).or_else(usual) >= 0),)


def day_recordings(normal: Recordings) -> tuple[Recording, ...]:
    """The same of the last day; 0 for a model that has not answered anybody."""
    known = avg_over_time(normal.read(f"{NORMAL}10m"), "1d")
    return (Recording(f"{NORMAL}1d", known.or_else(max_by(recent(metric("servescope_workers_max")), *MODEL) * 0)),)


def given_up() -> Matcher:
    """The codes of those who got no answer in the time that they, or the model, would wait."""
    return one_of("code", "408", "499")


def _counts(whole: Selector, window: str, parts: dict[str, Selector]) -> tuple[Recording, ...]:
    """`model:NAME:count5m` of all, then of each part."""
    counters = {"servescope_requests": whole, **parts}
    return tuple(
        Recording(f"model:{name}:count{window}", sum_gained(counter, window, *MODEL))
        for name, counter in counters.items()
    )


def _failed(counts: tuple[Recording, ...]) -> Recording:
    """For who asks for it: alerts divide by themselves, as vmalert reads whatever it records an interval late."""
    requests, failed, *_ = counts
    return Recording("model:servescope_requests_failed:ratio5m", share(failed.read.now, requests.read.now))


def _durations(form: Form) -> tuple[Recording, ...]:
    """Of answers without an error, and the time spent in each stage."""
    answered = metric(_DURATION).where(equal("outcome", "ok"))
    stages = metric("servescope_request_stage_seconds")
    return (
        *percentile_recordings(answered, f"instance_model:{_DURATION}_ok:rate5m", (0.5, 0.9, 0.99), form),
        Recording(
            "instance_model_stage:servescope_request_stage_seconds:busy5m",
            sum_rate(stages, _WINDOW, (*INSTANCE_MODEL, "stage"), form),
        ),
    )
