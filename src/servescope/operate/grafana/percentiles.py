"""Percentiles over 5 minutes of any share and by any labels, as boards ask for them: in, a family; out, an expression.

Used by `boards`, for what is recorded for some shares and by model alone (`recordings.percentiles`).
"""

from servescope.operate.grafana.narrowed import family, recorded
from servescope.operate.promql import Expression, Form, equal, quantile, quantile_of, sum_by

_DURATIONS = "servescope_request_duration_seconds"


def durations(form: Form, share: float | str, *by: str) -> Expression:
    """Of answers without an error, in seconds; `share` from 0 to 1, or `$quantile`."""
    if form == "native":
        return quantile(share, family(_DURATIONS, equal("outcome", "ok")), "5m", by, form)
    return _of_buckets(share, f"instance_model:{_DURATIONS}_ok:rate5m", by)


def token_times(form: Form, share: float | str, name: str, *by: str) -> Expression:
    """Of one of the two families of language models' times, in seconds."""
    if form == "native":
        return quantile(share, family(name), "5m", by, form)
    return _of_buckets(share, f"instance_model:{name}:rate5m", by)


def _of_buckets(share: float | str, recording: str, by: tuple[str, ...]) -> Expression:
    return quantile_of(share, sum_by(recorded("classic", recording).now, *by, "le"))
