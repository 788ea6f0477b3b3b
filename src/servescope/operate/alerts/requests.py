"""Errors and latency of a model, whether or not it has objectives: in, recordings over 5 minutes; out, three alerts."""

from servescope.operate.alert import Alert, Severity
from servescope.operate.alerts.wording import DURATION, MODEL, PERCENT, percent
from servescope.operate.promql import Expression, Recordings, equal, max_by, metric, recent, share
from servescope.operate.recordings.levels import MODEL as BY_MODEL
from servescope.operate.thresholds.thresholds import Thresholds


def request_alerts(recorded: Recordings, thresholds: Thresholds) -> tuple[Alert, ...]:
    """5xx above two shares, the 99th percentile above the model's latency_ms, clients that do not wait for an answer."""
    return (
        _errors("ServescopeManyErrors", "page", thresholds.error_ratio_page, recorded, thresholds),
        _errors("ServescopeErrors", "ticket", thresholds.error_ratio_ticket, recorded, thresholds),
        _slow(recorded, thresholds),
        _giving_up(recorded, thresholds),
    )


def enough_requests(recorded: Recordings, thresholds: Thresholds) -> Expression:
    """The models that were asked often enough in 5 minutes for a ratio to mean something."""
    return recorded.read("model:servescope_requests:count5m").now >= thresholds.minimum_requests


def enough_failed(failed: Expression, severity: Severity, thresholds: Thresholds) -> Expression:
    """Counts of what failed, where it is more than an accident. Over an hour Prometheus extrapolates, and 5 may be 5.02."""
    least = thresholds.minimum_failed_page if severity == "page" else thresholds.minimum_failed_ticket
    return failed > least - 0.5


def share_of(part: Expression, recorded: Recordings) -> Expression:
    """Of all requests in 5 minutes."""
    return share(part, recorded.read("model:servescope_requests:count5m").now)


def _errors(name: str, severity: Severity, limit: float, recorded: Recordings, thresholds: Thresholds) -> Alert:
    count = recorded.read("model:servescope_requests_failed:count5m").now
    failed = share_of(count, recorded)
    enough = enough_requests(recorded, thresholds).and_on(enough_failed(count, severity, thresholds))
    return Alert(
        name=name,
        severity=severity,
        role="symptom",
        condition=(failed > limit).and_on(enough),
        measured=failed,
        lasts=thresholds.errors_for,
        summary=f"{MODEL} answers more than {percent(limit)} of its requests with 5xx",
        description=f"{PERCENT} of the requests of {MODEL} in the last 5 minutes were answered with a status of 5xx.",
    )


def _slow(recorded: Recordings, thresholds: Thresholds) -> Alert:
    p99 = recorded.read("model:servescope_request_duration_seconds:p99_5m").now
    of_latency = equal("slo", "latency")
    promised = max_by(recent(metric("servescope_slo_threshold_seconds").where(of_latency)), *BY_MODEL)
    # Who promises it of nine requests in ten says nothing about the slowest hundredth.
    target = max_by(recent(metric("servescope_slo_target_ratio").where(of_latency)), *BY_MODEL)
    return Alert(
        name="ServescopeSlow",
        severity="ticket",
        role="symptom",
        # latency_ms is a bucket's bound. Where it is the last one, a quantile above it is said to be just that.
        condition=(p99 >= promised).and_on(enough_requests(recorded, thresholds)).unless_on(target < 0.99),
        measured=p99,
        lasts=thresholds.latency_for,
        summary=f"The slowest hundredth of {MODEL} takes longer than its latency_ms",
        description=f"The 99th percentile of {MODEL} over 5 minutes is {DURATION}, above the model's latency_ms.",
    )


def _giving_up(recorded: Recordings, thresholds: Thresholds) -> Alert:
    count = recorded.read("model:servescope_requests_given_up:count10m").now
    part = share(count, recorded.read("model:servescope_requests:count10m").now)
    enough = count >= thresholds.give_up_minimum
    return Alert(
        name="ServescopeClientsGiveUp",
        severity="ticket",
        role="symptom",
        condition=(part > thresholds.give_up_ratio).and_on(enough),
        measured=part,
        summary=f"More than {percent(thresholds.give_up_ratio)} of the clients of {MODEL} get no answer in their time",
        description=(
            f"{PERCENT} of the requests of {MODEL} in the last 10 minutes ended without an answer: their clients hung up (499),"
            " or their deadline passed (408)."
        ),
    )
