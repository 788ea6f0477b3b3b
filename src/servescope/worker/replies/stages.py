"""Where a batch's time went → the `stages` of its reply. Called by the sessions, with what the context has noted.

A handler can reach these notes, and the reply holds no more of them than the front end can read.
"""

import math
from typing import Any, Final

PREDICTION: Final = "prediction"
_NOTED: Final = ("preprocess", "inference", "postprocess")


def stages_of(noted: Any, prediction_s: float) -> dict[str, float]:
    """Seconds by stage: of the handler's entry point, and of those in `noted` that BaseHandler tells apart."""
    stages = {PREDICTION: prediction_s}
    if noted and isinstance(noted, dict):
        stages.update((name, float(noted[name])) for name in _NOTED if _is_time(noted.get(name)))
    return stages


def _is_time(seconds: Any) -> bool:
    return isinstance(seconds, int | float) and 0 <= seconds < math.inf
