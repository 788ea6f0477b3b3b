"""Requests by outcome, duration and stage, and how full the server is: the RED and USE families of requests.

One request of a registered model is one observation of each family below, made when its outcome is known.
"""

from servescope.metrics.definitions.definition import DURATION_BUCKETS, SIZE_BUCKETS, Definition

REJECTION_REASONS = ("queue_full", "no_worker", "deadline", "too_large", "client_timeout", "draining", "asleep")
SEQUENCE_REASONS = ("sequence_limit", "sequence_full", "sequence_over")
NO_TICKET = "no_ticket"
OUTCOMES = ("ok", "client_error", "server_error")
STAGES = ("queue", "batch_wait", "dispatch", "preprocess", "inference", "postprocess", "handler", "respond")

_MODEL = ("model_name", "model_version")
_FINISHED = "Written when the last byte of the answer is handed to the transport, or the client has hung up."
_SCRAPED = "Read at scrape time."
_BATCH_BUCKETS = tuple(float(2**power) for power in range(11))

REQUESTS = (
    Definition(
        "servescope_requests_total", "counter", "requests", (*_MODEL, "transport", "route", "code"),
        "Requests to a registered model by the status of their answer, each counted exactly once: also the rejected,"
        " timed out, crashed and (as 499) abandoned ones. transport: rest, grpc, or workflow, which asks once an attempt;"
        " route: predict, explain, openai, or workflow, whose own request it is.",
        _FINISHED,
    ),
    Definition(
        "servescope_request_duration_seconds", "histogram", "seconds", (*_MODEL, "outcome"),
        "Time from the last byte of a request read to the last byte of its answer handed to the transport, by outcome:"
        " ok, client_error (4xx), server_error (all else). Language models have finer bounds, as a generation's time to its"
        " first token has.", _FINISHED, DURATION_BUCKETS,
    ),
    Definition(
        "servescope_request_stage_seconds", "histogram", "seconds", (*_MODEL, "stage"),
        "Where a request's time went; its stages add up to its duration. queue: for a worker; batch_wait: for the"
        " batch to fill while a worker was free; preprocess, inference, postprocess: in the worker, for handlers that"
        " tell them apart; handler: the rest of the handler's entry point; respond: from the worker's reply to the"
        " answer handed to the transport; dispatch: whatever no other stage claims.", _FINISHED, DURATION_BUCKETS,
    ),
    Definition(
        "servescope_requests_in_flight", "gauge", "requests", _MODEL,
        "Requests of the model that are accepted and have no answer yet.", _SCRAPED,
    ),
    Definition(
        "servescope_in_flight_oldest_seconds", "gauge", "seconds", _MODEL,
        "Age of the oldest request of the model that is accepted and has no answer yet, in the queue or in a worker, 0 where there"
        " is none: one whose client has gone counts while a worker is at it; a stream that has begun counts from its last piece.",
        _SCRAPED,
    ),
    Definition(
        "servescope_request_bytes", "histogram", "bytes", _MODEL, "Sizes of the requests' bodies.", _FINISHED,
        SIZE_BUCKETS,
    ),
    Definition(
        "servescope_response_bytes", "histogram", "bytes", _MODEL, "Sizes of the answers' bodies, errors included.",
        _FINISHED, SIZE_BUCKETS,
    ),
    Definition(
        "servescope_http_requests_total", "counter", "requests", ("listener", "method", "path", "code"),
        "Everything that was asked on the three ports, by the route's template (never the raw path; other where there"
        " is no such route, malformed where it was no HTTP, or no whole header of it), unknown models included.", _FINISHED,
    ),
    Definition(
        "servescope_queue_depth", "gauge", "requests", _MODEL,
        "Requests that wait in the model's queue for a worker; not those that have one, and wait only for their batch to"
        " fill.", _SCRAPED,
    ),
    Definition(
        "servescope_queue_capacity", "gauge", "requests", _MODEL,
        "Requests that may wait in the model's queue before others are rejected.", "Set at registration.",
    ),
    Definition(
        "servescope_queue_oldest_seconds", "gauge", "seconds", _MODEL,
        "Age of the oldest request that servescope_queue_depth counts, 0 where there is none: shows a stall that no finished"
        " request would.", _SCRAPED,
    ),
    Definition(
        "servescope_rejected_total", "counter", "requests", (*_MODEL, "reason"),
        f"Requests refused without an answer of the handler, by reason ({', '.join(REJECTION_REASONS)}; of a model that keeps"
        f" sequences also {', '.join(SEQUENCE_REASONS)}; with useJobTicket {NO_TICKET}).",
        "Counted on refusal.",
    ),
    Definition(
        "servescope_batch_size", "histogram", "requests", _MODEL, "Requests in a batch.",
        "Observed when the batch is sent to a worker.", _BATCH_BUCKETS,
    ),
    Definition(
        "servescope_event_loop_lag_seconds", "histogram", "seconds", (),
        "How late the front end's event loop runs its timers: a timer every half second, those that were due while it stood still"
        " included.", "Observed twice a second.", DURATION_BUCKETS,
    ),
)  # fmt: skip
