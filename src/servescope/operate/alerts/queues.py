"""Models that get more than they can do: in, queues and refusals; out, three alerts."""

from servescope.operate.alert import Alert
from servescope.operate.alerts.requests import enough_failed, enough_requests, share_of
from servescope.operate.alerts.wording import DURATION, MODEL, PERCENT, SERVER, percent
from servescope.operate.promql import Recordings, equal, max_by, metric, recent, sum_by
from servescope.operate.recordings.levels import INSTANCE_MODEL
from servescope.operate.thresholds.thresholds import Thresholds


def queue_alerts(recorded: Recordings, thresholds: Thresholds) -> tuple[Alert, ...]:
    """A queue that is nearly full, one that stands still, and requests that are refused."""
    return (_filling(recorded, thresholds), _stalled(thresholds), _refusing(recorded, thresholds))


def _filling(recorded: Recordings, thresholds: Thresholds) -> Alert:
    fill = recorded.read("instance_model:servescope_queue:fill_ratio").now
    return Alert(
        name="ServescopeQueueNearlyFull",
        severity="ticket",
        role="symptom",
        condition=fill > thresholds.queue_fill_ratio,
        measured=fill,
        lasts=thresholds.queue_fill_for,
        summary=f"The queue of {MODEL} on {SERVER} is nearly full",
        description=(
            f"{PERCENT} of the queue of {MODEL} on {SERVER} is taken, more than {percent(thresholds.queue_fill_ratio)}."
            " Once it is full, requests are refused with 503."
        ),
    )


def _stalled(thresholds: Thresholds) -> Alert:
    oldest = max_by(recent(metric("servescope_queue_oldest_seconds")), *INSTANCE_MODEL)
    waking = sum_by(recent(metric("servescope_workers").where(equal("state", "waking"))), *INSTANCE_MODEL)
    return Alert(
        name="ServescopeQueueStalled",
        severity="page",
        role="symptom",
        # They wait for a model that was asleep to load, which has a timeout of its own.
        condition=(oldest > thresholds.queue_stalled_seconds).unless_on(waking > 0),
        measured=oldest,
        lasts=thresholds.queue_stalled_for,
        summary=f"Requests for {MODEL} on {SERVER} wait and are not taken up",
        description=f"The request at the head of the queue of {MODEL} on {SERVER} has waited for {DURATION}.",
    )


def _refusing(recorded: Recordings, thresholds: Thresholds) -> Alert:
    count = recorded.read("model:servescope_requests_refused:count5m").now
    refused = share_of(count, recorded)
    enough = enough_requests(recorded, thresholds).and_on(enough_failed(count, "page", thresholds))
    return Alert(
        name="ServescopeRequestsRefused",
        severity="page",
        role="symptom",
        condition=(refused > thresholds.rejected_ratio).and_on(enough),
        measured=refused,
        lasts=thresholds.rejected_for,
        summary=f"{MODEL} refuses more than {percent(thresholds.rejected_ratio)} of its requests",
        description=(
            f"{PERCENT} of the requests for {MODEL} in the last 5 minutes were refused with 503, as the queue was full"
            " or no worker lives."
        ),
    )
