"""Engines of language models: in, recordings of the KV cache; out, an alert on one that is full and preempts."""

from servescope.operate.alert import Alert
from servescope.operate.alerts.wording import MODEL, PERCENT, SERVER
from servescope.operate.promql import Recordings, max_over_time
from servescope.operate.thresholds.thresholds import Thresholds


def llm_alerts(recorded: Recordings, thresholds: Thresholds) -> tuple[Alert, ...]:
    """A full cache alone is good use of it; together with preemptions work is thrown away and done again."""
    # Each preemption makes room, so that at a scrape the cache may just be less full.
    taken = max_over_time(recorded.read("instance_model:servescope_llm_kv_cache_usage:max_ratio"), "5m")
    preempting = recorded.read("instance_model:servescope_llm_preemptions:rate5m").now > 0
    return (
        Alert(
            name="ServescopeKvCacheFull",
            severity="ticket",
            role="cause",
            condition=(taken > thresholds.kv_cache_ratio).and_on(preempting),
            measured=taken,
            lasts=thresholds.kv_cache_for,
            summary=f"The KV cache of {MODEL} on {SERVER} is full, and requests are preempted",
            description=(
                f"Up to {PERCENT} of the KV cache of {MODEL} on {SERVER} was taken in the last 5 minutes, and the engine"
                " preempts requests: their answers pause, and part of their work is done again."
            ),
        ),
    )
