"""Objectives of a model (`slo:` in its model-config.yaml), judged for each request in the server, whatever the buckets.

availability: of all requests but the client's own errors (4xx; not 408, which is a deadline that the server missed), those that
are no server error. latency: of the answers that are ok, those within `latency_ms`; a 408 is bad. ttft: of a language model's
answers whose client got a token, and of the requests that ended in a server error (or 408) without one, those with a first token
within `ttft_ms`. itl: of its answers whose client got more than one, those with a mean time between the tokens that came within
`itl_ms`. A stream that the server broke off after its first token is judged by these two as it went, and is bad for availability.

A client that hung up (499) waited for nothing until it left, or until it had the first piece of a stream. Without a piece it was
failed by each promise that it had waited longer for: availability after `abandoned_after_ms`, latency after `latency_ms`, ttft
after `ttft_ms`; one that left sooner is in none of them. With a piece it was served: good for availability, and judged for latency
by its wait (how long the whole stream would have taken nobody knows), for ttft and itl by the tokens that came.
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
        " for 408, a deadline missed), or left within abandoned_after_ms without an answer; latency: those that were answered"
        " without an error, missed a deadline, or were left after more than latency_ms; ttft: those that a language model"
        " answered or began to, and those that ended before the first token in a server's error (or 408), or were left after more"
        " than ttft_ms; itl: those that got more than one token, also where the stream ended early. A stream that is left after"
        " its first piece was answered when that came.",
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
