"""Errors and latency of a model, whether or not it has objectives: in, recordings over 5 minutes; out, four alerts."""

from servescope.findings.rule import Severity
from servescope.findings.rules.requests import enough_failed as least_failed
from servescope.findings.rules.requests import request_rules
from servescope.findings.thresholds.thresholds import Thresholds
from servescope.operate.alert import Alert
from servescope.operate.alerts.written import Quantities, expression, written
from servescope.operate.promql import Expression, Recordings, equal, max_by, metric, recent, share
from servescope.operate.recordings.levels import MODEL as BY_MODEL


def request_alerts(recorded: Recordings, thresholds: Thresholds) -> tuple[Alert, ...]:
    """5xx above two shares, the 99th percentile above the model's latency_ms, clients that do not wait for an answer."""
    quantities = _quantities(recorded)
    return tuple(written(rule, quantities, thresholds) for rule in request_rules(thresholds))


def counted_requests(recorded: Recordings) -> Quantities:
    """Those of 5 minutes, of which others are shares."""
    return {"requests_5m": recorded.read("model:servescope_requests:count5m").now}


def enough_failed(failed: Expression, severity: Severity, thresholds: Thresholds) -> Expression:
    """Counts of what failed, where it is more than an accident."""
    return expression(least_failed("failed", severity), {"failed": failed}, thresholds)


def _quantities(recorded: Recordings) -> Quantities:
    counted = counted_requests(recorded)
    failed = recorded.read("model:servescope_requests_failed:count5m").now
    given_up = recorded.read("model:servescope_requests_given_up:count10m").now
    of_latency = equal("slo", "latency")
    return {
        **counted,
        "failed_5m": failed,
        "failed_ratio_5m": share(failed, counted["requests_5m"]),
        "p99_5m": recorded.read("model:servescope_request_duration_seconds:p99_5m").now,
        "promised_latency": max_by(recent(metric("servescope_slo_threshold_seconds").where(of_latency)), *BY_MODEL),
        "latency_target": max_by(recent(metric("servescope_slo_target_ratio").where(of_latency)), *BY_MODEL),
        "given_up_10m": given_up,
        "given_up_ratio_10m": share(given_up, recorded.read("model:servescope_requests:count10m").now),
    }
