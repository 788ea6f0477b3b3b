"""Models that get more than they can do."""

from servescope.findings.condition import Both, Compare, Limit, Unless
from servescope.findings.rule import DURATION, MODEL, PERCENT, SERVER, Rule, percent
from servescope.findings.rules.requests import ENOUGH_REQUESTS, enough_failed
from servescope.findings.thresholds.thresholds import Thresholds


def queue_rules(thresholds: Thresholds) -> tuple[Rule, ...]:
    """A queue that is nearly full, one that stands still, and requests that are refused."""
    return (_filling(thresholds), _stalled(thresholds), _refusing(thresholds))


def _filling(thresholds: Thresholds) -> Rule:
    return Rule(
        name="ServescopeQueueNearlyFull",
        severity="ticket",
        role="symptom",
        measured="queue_fill",
        condition=Compare("queue_fill", ">", Limit("queue_fill_ratio")),
        lasts=thresholds.queue_fill_for,
        summary=f"The queue of {MODEL} on {SERVER} is nearly full",
        description=(
            f"{PERCENT} of the queue of {MODEL} on {SERVER} is taken, more than {percent(thresholds.queue_fill_ratio)}."
            " Once it is full, requests are refused with 503."
        ),
    )


def _stalled(thresholds: Thresholds) -> Rule:
    return Rule(
        name="ServescopeQueueStalled",
        severity="page",
        role="symptom",
        measured="queue_oldest",
        # They wait for a model that was asleep to load, which has a timeout of its own.
        condition=Unless(Compare("queue_oldest", ">", Limit("queue_stalled_seconds")), Compare("waking", ">", 0)),
        lasts=thresholds.queue_stalled_for,
        summary=f"Requests for {MODEL} on {SERVER} wait and are not taken up",
        description=f"The request at the head of the queue of {MODEL} on {SERVER} has waited for {DURATION}.",
    )


def _refusing(thresholds: Thresholds) -> Rule:
    enough = Both(ENOUGH_REQUESTS, enough_failed("refused_5m", "page"))
    return Rule(
        name="ServescopeRequestsRefused",
        severity="page",
        role="symptom",
        measured="refused_ratio_5m",
        condition=Both(Compare("refused_ratio_5m", ">", Limit("rejected_ratio")), enough),
        lasts=thresholds.rejected_for,
        summary=f"{MODEL} refuses more than {percent(thresholds.rejected_ratio)} of its requests",
        description=(
            f"{PERCENT} of the requests for {MODEL} in the last 5 minutes were refused with 503, as the queue was full"
            " or no worker lives."
        ),
    )
