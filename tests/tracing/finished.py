"""A finished request for tests."""

from typing import Any

from servescope.tracing.finished import FinishedRequest

STAGES = {"queue": 0.25, "batch_wait": 0.5, "dispatch": 0.125, "inference": 1.0, "handler": 0.0, "respond": 0.125}


def finished(**changes: Any) -> FinishedRequest:
    """A request that took 2 s, from 1000 to 1002 monotonic."""
    fields: dict[str, Any] = {
        "began": 1000.0,
        "ended": 1002.0,
        "status": 200,
        "method": "POST",
        "route": "/predictions/{model_name}",
        "path": "/predictions/m",
        "model": "m",
        "version": "1.0",
        "request_id": "r1",
        "stages": STAGES,
        "worker": "W-9000-m_1.0",
        "batch_size": 4,
    }
    return FinishedRequest(**(fields | changes))
