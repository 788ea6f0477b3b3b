"""Engines of language models: in, recordings of the KV cache; out, an alert on one that is full and preempts."""

from servescope.findings.rules.models import llm_rules
from servescope.findings.thresholds.thresholds import Thresholds
from servescope.operate.alert import Alert
from servescope.operate.alerts.written import written
from servescope.operate.promql import Recordings, max_over_time


def llm_alerts(recorded: Recordings, thresholds: Thresholds) -> tuple[Alert, ...]:
    """A full cache alone is good use of it."""
    quantities = {
        # Each preemption makes room, so that at a scrape the cache may just be less full.
        "kv_cache": max_over_time(recorded.read("instance_model:servescope_llm_kv_cache_usage:max_ratio"), "5m"),
        "preempting": recorded.read("instance_model:servescope_llm_preemptions:rate5m").now,
    }
    return tuple(written(rule, quantities, thresholds) for rule in llm_rules(thresholds))
