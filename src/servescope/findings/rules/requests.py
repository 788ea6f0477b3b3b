"""Errors and latency of a model, whether or not it has objectives."""

from typing import Final

from servescope.findings.condition import Both, Compare, Condition, Limit, Unless
from servescope.findings.rule import DURATION, MODEL, PERCENT, Rule, Severity, percent
from servescope.findings.thresholds.thresholds import Thresholds

MANY_ERRORS: Final = "ServescopeManyErrors"
ERRORS: Final = "ServescopeErrors"
# The models that were asked often enough in 5 minutes for a ratio to mean something.
ENOUGH_REQUESTS = Compare("requests_5m", ">=", Limit("minimum_requests"))


def enough_failed(quantity: str, severity: Severity) -> Compare:
    """What failed is more than an accident. Over an hour Prometheus extrapolates, and 5 may be 5.02."""
    least = "minimum_failed_page" if severity == "page" else "minimum_failed_ticket"
    return Compare(quantity, ">", Limit(least, less=0.5))


def request_rules(thresholds: Thresholds) -> tuple[Rule, ...]:
    """5xx above two shares, the 99th percentile above the model's latency_ms, clients that do not wait for an answer."""
    return (
        _errors(MANY_ERRORS, "page", "error_ratio_page", thresholds),
        _errors(ERRORS, "ticket", "error_ratio_ticket", thresholds),
        _slow(thresholds),
        _giving_up(thresholds),
    )


def _errors(name: str, severity: Severity, limit: str, thresholds: Thresholds) -> Rule:
    enough = Both(ENOUGH_REQUESTS, enough_failed("failed_5m", severity))
    return Rule(
        name=name,
        severity=severity,
        role="symptom",
        measured="failed_ratio_5m",
        condition=Both(Compare("failed_ratio_5m", ">", Limit(limit)), enough),
        lasts=thresholds.errors_for,
        summary=f"{MODEL} answers more than {percent(getattr(thresholds, limit))} of its requests with 5xx",
        description=f"{PERCENT} of the requests of {MODEL} in the last 5 minutes were answered with a status of 5xx.",
    )


def _slow(thresholds: Thresholds) -> Rule:
    # latency_ms is a bucket's bound. Where it is the last one, a quantile above it is said to be just that.
    late: Condition = Both(Compare("p99_5m", ">=", "promised_latency"), ENOUGH_REQUESTS)
    return Rule(
        name="ServescopeSlow",
        severity="ticket",
        role="symptom",
        measured="p99_5m",
        # Who promises it of nine requests in ten says nothing about the slowest hundredth.
        condition=Unless(late, Compare("latency_target", "<", 0.99)),
        lasts=thresholds.latency_for,
        summary=f"The slowest hundredth of {MODEL} takes longer than its latency_ms",
        description=f"The 99th percentile of {MODEL} over 5 minutes is {DURATION}, above the model's latency_ms.",
    )


def _giving_up(thresholds: Thresholds) -> Rule:
    often = Compare("given_up_ratio_10m", ">", Limit("give_up_ratio"))
    return Rule(
        name="ServescopeClientsGiveUp",
        severity="ticket",
        role="symptom",
        measured="given_up_ratio_10m",
        condition=Both(often, Compare("given_up_10m", ">=", Limit("give_up_minimum"))),
        summary=f"More than {percent(thresholds.give_up_ratio)} of the clients of {MODEL} get no answer in their time",
        description=(
            f"{PERCENT} of the requests of {MODEL} in the last 10 minutes ended without an answer: their clients hung up (499),"
            " or their deadline passed (408)."
        ),
    )
