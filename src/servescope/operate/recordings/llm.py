"""Language models: in, the histograms' form; out, recordings of tokens, of the two times that users feel, and of the cache."""

from servescope.operate.promql import Form, Recording, heat, max_by, metric, quantile_of, rate, sum_by
from servescope.operate.recordings.levels import INSTANCE_MODEL, MODEL


def llm_recordings(form: Form) -> tuple[Recording, ...]:
    """Tokens a second by kind, quantiles of the time to the first token and between tokens, the fullest KV cache."""
    times = (
        rule
        for family in ("servescope_llm_time_to_first_token_seconds", "servescope_llm_inter_token_seconds")
        for rule in _quantiles(family, form)
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


def _quantiles(family: str, form: Form) -> tuple[Recording, ...]:
    buckets = Recording(f"instance_model:{family}:rate5m", heat(metric(family), "5m", INSTANCE_MODEL, form))
    by = (*MODEL, "le") if form == "classic" else MODEL
    return (
        buckets,
        *(
            Recording(f"model:{family}:p{round(share * 100)}_5m", quantile_of(share, sum_by(buckets.read.now, *by)))
            for share in (0.5, 0.99)
        ),
    )
