"""Running batches of handlers that are called step by step (continuousBatching). Their series exist for such models."""

from servescope.metrics.definitions.definition import DURATION_BUCKETS, Definition

_MODEL = ("model_name", "model_version")
_STEPPED = "Observed when the worker tells of the step."
_ROW_BUCKETS = tuple(float(2**power) for power in range(11))
_STEP_BUCKETS = tuple(float(2**power) for power in range(15))

CONTINUOUS = (
    Definition(
        "servescope_continuous_rows", "gauge", "requests", _MODEL,
        "Requests in the running batches of the model's workers, those that join at the next step included.",
        "Read at scrape time.",
    ),
    Definition(
        "servescope_continuous_step_rows", "histogram", "requests", _MODEL,
        "Requests that were in a step of a running batch. Its count is the number of steps, its sum that of the handler's outputs.",
        _STEPPED, _ROW_BUCKETS,
    ),
    Definition(
        "servescope_continuous_step_seconds", "histogram", "seconds", _MODEL,
        "Time that a step of a running batch took in the worker, its answers made.", _STEPPED, DURATION_BUCKETS,
    ),
    Definition(
        "servescope_continuous_request_steps", "histogram", "steps", _MODEL,
        "Steps that a request has had when it left the running batch: done, failed, or with its client gone; not with its worker.",
        _STEPPED, _STEP_BUCKETS,
    ),
)  # fmt: skip
