"""Workers that hang, die or are lacking, on one server. They are causes: what a model's users feel is silenced meanwhile."""

from servescope.findings.condition import Both, Compare, Known, Limit
from servescope.findings.rule import DURATION, MODEL, NUMBER, SERVER, Rule, Severity, label
from servescope.findings.thresholds.thresholds import Thresholds


def worker_rules(thresholds: Thresholds) -> tuple[Rule, ...]:
    """All hang, restarts again and again, no worker that can work, fewer than the least that was asked for."""
    return (_stuck(thresholds), _restarting(), _not_ready(thresholds), _missing(thresholds))


def _stuck(thresholds: Thresholds) -> Rule:
    """Prometheus knows besides what is normal for the model on an ordinary day, and counts the clients that left."""
    return Rule(
        name="ServescopeModelStuck",
        severity="page",
        role="cause",
        measured="in_flight_oldest",
        condition=Both(Known("in_flight_oldest"), Compare("held", ">", Limit("stuck_seconds"))),
        early=0.25,
        summary=f"{MODEL} on {SERVER} answers nobody",
        description=(
            f"All workers of {MODEL} on {SERVER} are busy, and nobody was answered for {thresholds.stuck_seconds:g} s or longer."
            f" The oldest request under way came {DURATION} ago; its client may be gone."
        ),
    )


def _restarting() -> Rule:
    many = Compare("restarts_15m", ">=", Limit("worker_restarts"))
    return Rule(
        name="ServescopeWorkersRestart",
        severity="page",
        role="cause",
        measured="restarts_by_reason_15m",
        # One alert for each reason, since what is to be done goes by the reason; all of them together are many.
        condition=Both(Compare("restarts_by_reason_15m", ">", 0), Both(many, Known("most_workers")), of_model=True),
        summary=f"Workers of {MODEL} on {SERVER} die again and again: {label('reason')}",
        description=(
            f"Workers of {MODEL} on {SERVER} were started again {NUMBER} times in the last 15 minutes for the reason"
            f" {label('reason')}."
        ),
    )


def _not_ready(thresholds: Thresholds) -> Rule:
    return _few(
        "ServescopeModelNotReady",
        "page",
        Compare("able", "==", 0),
        Compare("least_workers", ">", 0),
        thresholds.model_not_ready_for,
        "has no worker that can work",
        "should have workers, and none is ready or busy: it can answer nothing.",
    )


def _missing(thresholds: Thresholds) -> Rule:
    return _few(
        "ServescopeWorkersMissing",
        "ticket",
        Compare("lacking", ">", 0),
        Compare("able", ">", 0),
        thresholds.workers_missing_for,
        "has fewer workers than it should",
        f"lacks {NUMBER} of the workers that it should have at least.",
    )


def _few(
    name: str, severity: Severity, few: Compare, though: Compare, lasts: str, summary: str, description: str
) -> Rule:
    """There are `few` workers, `though` there are others, or should be; the words go on from the model's name."""
    return Rule(
        name=name,
        severity=severity,
        role="cause",
        measured=few.quantity,
        condition=Both(few, though),
        lasts=lasts,
        summary=f"{MODEL} on {SERVER} {summary}",
        description=f"{MODEL} on {SERVER} {description}",
    )
