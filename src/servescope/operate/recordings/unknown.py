"""Predictions of models that there are not, of each server: in, nothing; out, recordings over 10 minutes.

A handler may answer 404 as well. Its model is known, so what its models' own counters have of that code is taken off, but for what
workflows asked, which came by no port.
"""

from typing import Final

from servescope.findings.quantities import PREDICTION_PATHS
from servescope.operate.promql import Recording, clamp_min, differs, equal, like, metric, sum_gained
from servescope.operate.recordings.levels import INSTANCE

EVERY: Final = "instance:servescope_predictions:count10m"
UNKNOWN: Final = "instance:servescope_unknown_models:count10m"


def unknown_recordings() -> tuple[Recording, ...]:
    """All predictions, those and those of unknown models."""
    asked = metric("servescope_http_requests_total").where(
        equal("listener", "inference"), like("path", PREDICTION_PATHS)
    )
    not_found = sum_gained(asked.where(equal("code", "404")), "10m", *INSTANCE)
    answered = metric("servescope_requests_total").where(equal("code", "404"), differs("transport", "workflow"))
    own = sum_gained(answered, "10m", *INSTANCE)
    every = Recording(EVERY, sum_gained(asked, "10m", *INSTANCE))
    unknown = Recording(UNKNOWN, clamp_min(not_found - own.or_else(not_found * 0), 0))
    return (every, unknown)
