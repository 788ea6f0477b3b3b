"""Sequences of requests (sequenceBatching). Their series exist for models that keep them."""

from servescope.metrics.definitions.definition import Definition

SEQUENCE_BEGINNINGS = ("started", "implied", "unnamed")
SEQUENCE_ENDS = ("ended", "handler", "idle", "timeout", "restarted", "worker_died", "worker_retired")

_MODEL = ("model_name", "model_version")
_SCRAPED = "Read at scrape time."
# Seconds, from what a program takes between two requests to what a person does.
_IDLE_BUCKETS = (0.001, 0.01, 0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0)

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
