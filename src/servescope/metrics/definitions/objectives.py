"""Objectives of a model (`slo:` in its model-config.yaml), judged for each request in the server, whatever the buckets.

availability: of all answers but the client's own errors (4xx, 499; not 408, which is a deadline that the server missed),
those that are no server error. latency: of the answers
that are ok, those within `latency_ms`. ttft: of a language model's answers whose client got a token, and of the requests that
ended in a server error (or 408) without one, those with a first token within `ttft_ms`. itl: of its answers whose client got
more than one, those with a mean time between the tokens that came within `itl_ms`. A stream that the server broke off after
its first token is judged by these two as it went, and is bad for availability; of a client that hung up nothing is judged.
"""

from servescope.metrics.definitions.definition import Definition

SLOS = ("availability", "latency", "ttft", "itl")

_LABELS = ("model_name", "model_version", "slo")
_FINISHED = "Written when the request's outcome is known."
_SET = "Set at registration."

OBJECTIVES = (
    Definition(
        "servescope_slo_requests_total", "counter", "requests", _LABELS,
        "Requests that an objective of the model is about. availability: all but those that the client spoilt (4xx, but"
        " for 408, a deadline missed) or gave up; latency: those that were answered without an error; ttft: those that a"
        " language model answered or began to, and those that ended in a server's error (or 408) before the first token;"
        " itl: those that got more than one token, also where the stream broke off later.",
        _FINISHED,
    ),
    Definition(
        "servescope_slo_good_total", "counter", "requests", _LABELS,
        "Those of servescope_slo_requests_total that met the objective.", _FINISHED,
    ),
    Definition(
        "servescope_slo_target_ratio", "gauge", "", _LABELS,
        "The share of requests, 0 to 1, that shall meet the objective: availability_target and latency_target of the"
        " model's slo.", _SET,
    ),
    Definition(
        "servescope_slo_threshold_seconds", "gauge", "seconds", _LABELS,
        "The longest time that meets the objective: latency_ms, ttft_ms and itl_ms of the model's slo.", _SET,
    ),
)  # fmt: skip
