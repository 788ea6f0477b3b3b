"""Language models: in, the histograms' form; out, recordings of tokens, of the two times that users feel, and of the cache."""

from servescope.operate.promql import Form, Recording, max_by, metric, rate, sum_by
from servescope.operate.recordings.levels import INSTANCE_MODEL
from servescope.operate.recordings.percentiles import percentile_recordings


def llm_recordings(form: Form) -> tuple[Recording, ...]:
    """Tokens a second by kind, quantiles of the time to the first token and between tokens, the fullest KV cache."""
    times = (
        rule
        for family in ("servescope_llm_time_to_first_token_seconds", "servescope_llm_inter_token_seconds")
        for rule in percentile_recordings(metric(family), f"instance_model:{family}:rate5m", (0.5, 0.99), form)
    )
    return (
        Recording(
            "instance_model_kind:servescope_llm_tokens:rate5m",
            sum_by(rate(metric("servescope_llm_tokens_total"), "5m"), *INSTANCE_MODEL, "kind"),
        ),
        *times,
        Recording(
            "instance_model:servescope_llm_kv_cache_usage:max_ratio",
            max_by(metric("servescope_llm_kv_cache_usage_ratio").now, *INSTANCE_MODEL),
        ),
        Recording(
            "instance_model:servescope_llm_preemptions:rate5m",
            sum_by(rate(metric("servescope_llm_preemptions_total"), "5m"), *INSTANCE_MODEL),
        ),
    )
