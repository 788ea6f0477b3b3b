"""Requests that are put together otherwise than in plain batches: sequences, and running batches (continuousBatching).

Their series exist for models that have the key.
"""

from servescope.metrics.definitions.definition import DURATION_BUCKETS, Definition

SEQUENCE_BEGINNINGS = ("started", "implied", "unnamed")
SEQUENCE_ENDS = ("ended", "handler", "idle", "timeout", "restarted", "worker_died", "worker_retired")

_MODEL = ("model_name", "model_version")
_SCRAPED = "Read at scrape time."
_STEPPED = "Observed when the worker tells of the step."
# Seconds, from what a program takes between two requests to what a person does.
_IDLE_BUCKETS = (0.001, 0.01, 0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0)
_ROW_BUCKETS = tuple(float(2**power) for power in range(11))
_STEP_BUCKETS = tuple(float(2**power) for power in range(15))

SEQUENCES = (
    Definition(
        "servescope_sequences_open", "gauge", "sequences", _MODEL,
        "Sequences of requests that have begun and not ended (sequenceBatching).", _SCRAPED,
    ),
    Definition(
        "servescope_sequences_idle_longest_seconds", "gauge", "seconds", _MODEL,
        "For how long the open sequence has been idle that has been so for longest, with no request waiting or in a worker; 0 where"
        " none is idle.", _SCRAPED,
    ),
    Definition(
        "servescope_sequence_idle_seconds", "histogram", "seconds", _MODEL,
        "For how long a sequence was idle before its next request came.", "Observed when that comes.", _IDLE_BUCKETS,
    ),
    Definition(
        "servescope_sequences_begun_total", "counter", "sequences", (*_MODEL, "how"),
        "Sequences that have begun: started (a request said so), implied (by a request with an id that was not open) or unnamed (by"
        " a request without an id).", "Counted with the first request of each.",
    ),
    Definition(
        "servescope_sequences_ended_total", "counter", "sequences", (*_MODEL, "reason"),
        "Sequences that have ended, by reason: ended (a request said that it was the last), handler (a header of its answer did),"
        " idle (for longer than sequenceMaxIdleMSec), timeout (older than sequenceTimeoutMSec), restarted (started again while it"
        " was open), worker_died and worker_retired (with what the worker remembered).", "Counted at its end.",
    ),
)  # fmt: skip

CONTINUOUS = (
    Definition(
        "servescope_continuous_rows", "gauge", "requests", _MODEL,
        "Requests in the running batches of the model's workers, those that join at the next step included.",
        _SCRAPED,
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
