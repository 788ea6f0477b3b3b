"""Single requests of a model: in, those that failed last, and the slowest; out, documents, without what clients and handlers
said for those who may not see it.
"""

import time
from typing import Any, Final

from servescope.console.access.visitor import Visitor
from servescope.metrics.recording.codes import DEADLINE, HUNG_UP
from servescope.serving.model import Model

MOST_SLOW: Final = 20
_ENDS: Final = {DEADLINE: "its deadline passed", HUNG_UP: "its client hung up"}


def failures(model: Model, visitor: Visitor, wall: float) -> dict[str, Any]:  # noqa: ARG001  # as `slowest`
    """The newest first."""
    seen = visitor.allowed
    return {
        "withheld": visitor.why,
        "failures": [
            {
                "at": one.at,
                "code": one.code,
                "type": one.error,
                "what": one.error or _ENDS.get(one.code, "the handler answered so"),
                "message": one.message if seen else None,
                "request_id": one.request_id if seen else None,
                "worker": one.worker,
                "route": one.route,
                "duration_s": one.duration_s,
                "traceback": one.raised.trace if seen and one.raised is not None else None,
            }
            for one in model.failures
        ],
    }


def slowest(model: Model, visitor: Visitor, wall: float) -> dict[str, Any]:
    """The slowest first. `wall`: now, in seconds since 1970."""
    passed = time.monotonic() - wall
    found = list(model.recorder.requests.slow)[:MOST_SLOW]
    return {
        "withheld": visitor.why,
        "slowest": [
            {
                "at": one.ended - passed,
                "duration_s": one.duration_s,
                "id_kind": one.label,
                "id": one.id if visitor.allowed else None,
                "worker": one.times.worker if one.times is not None else "",
                "batch_size": one.times.size if one.times is not None else None,
                "stages": one.stages,
            }
            for one in found
        ],
    }
