"""Language models: time to the first token and between tokens, tokens, and the state of each worker's engine.

A model's series exist, at zero, once one of its workers says that it serves a language model. Others have none.
"""

from servescope.metrics.definitions.definition import FIRST_TOKEN_BUCKETS, TOKEN_GAP_BUCKETS, Definition

TOKEN_KINDS = ("prompt", "cached_prompt", "generation")
FINISH_REASONS = ("stop", "length", "abort", "error")

_MODEL = ("model_name", "model_version")
_WORKER = (*_MODEL, "worker")
_REPLIED = "Written with each reply of the worker, as the tokens come."
_REPORTED = "Set when the engine's figures change, at most every 50 ms; gone with the worker's process."

LLM = (
    Definition(
        "servescope_llm_time_to_first_token_seconds", "histogram", "seconds", _MODEL,
        "Time from the last byte of a request read to its first generated token: of a streamed answer, until the piece"
        " that brings it is handed on to the client; of a whole one, until the engine has made it. Requests whose client"
        " hung up before have none.",
        "Observed once a request.", FIRST_TOKEN_BUCKETS,
    ),
    Definition(
        "servescope_llm_inter_token_seconds", "histogram", "seconds", _MODEL,
        "Time between one output of the engine for a sequence and its next, measured in the worker.", _REPLIED,
        TOKEN_GAP_BUCKETS,
    ),
    Definition(
        "servescope_llm_tokens_total", "counter", "tokens", (*_MODEL, "kind"),
        "Tokens by kind, also of requests whose client has hung up. prompt: all of the prompts; cached_prompt: those of"
        " the prompt tokens that were in the KV cache (they are counted as prompt too: do not add the two); generation:"
        " made by the model.", _REPLIED,
    ),
    Definition(
        "servescope_llm_requests_running", "gauge", "requests", _WORKER, "Requests that the worker's engine works on.",
        _REPORTED,
    ),
    Definition(
        "servescope_llm_requests_waiting", "gauge", "requests", _WORKER,
        "Requests that wait in the worker's engine to be scheduled.", _REPORTED,
    ),
    Definition(
        "servescope_llm_kv_cache_usage_ratio", "gauge", "", _WORKER,
        "Used share of the engine's KV cache, 0 to 1; near 1 the engine preempts requests.", _REPORTED,
    ),
    Definition(
        "servescope_llm_preemptions_total", "counter", "preemptions", _WORKER,
        "How often the engine took a running request off for want of KV cache, restarts of the worker included.",
        "Counted when the engine reports it.",
    ),
    Definition(
        "servescope_llm_finished_total", "counter", "sequences", (*_MODEL, "reason"),
        f"Requests to the engine that ended, by reason ({', '.join(FINISH_REASONS)}); a request with several prompts is"
        " one for each.", _REPLIED,
    ),
)  # fmt: skip
