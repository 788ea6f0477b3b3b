"""Predictions of models that there are not, of each server: in, nothing; out, recordings over 10 minutes.

A handler may answer 404 as well. Its model is known, so what its models' own counters have of that code is taken off.
"""

from typing import Final

from servescope.operate.promql import Recording, clamp_min, equal, like, metric, sum_gained
from servescope.operate.recordings.levels import INSTANCE

# The templates of all paths on which a model is asked to predict. Who asks whether it is ready, or what it is, is none of these.
PATHS: Final = (
    "/(predictions|explanations|models)/.*|/invocations|.*[/:](predict|explain|infer)"  # TorchServe's and KServe's
    "|/v1/(chat/)?completions|/v1/embeddings"
)
EVERY: Final = "instance:servescope_predictions:count10m"
UNKNOWN: Final = "instance:servescope_unknown_models:count10m"


def unknown_recordings() -> tuple[Recording, ...]:
    """All predictions, those and those of unknown models."""
    asked = metric("servescope_http_requests_total").where(equal("listener", "inference"), like("path", PATHS))
    not_found = sum_gained(asked.where(equal("code", "404")), "10m", *INSTANCE)
    own = sum_gained(metric("servescope_requests_total").where(equal("code", "404")), "10m", *INSTANCE)
    every = Recording(EVERY, sum_gained(asked, "10m", *INSTANCE))
    unknown = Recording(UNKNOWN, clamp_min(not_found - own.or_else(not_found * 0), 0))
    return (every, unknown)
