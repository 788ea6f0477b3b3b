"""Workers that hang, die or are lacking, on one server: in, the workers' families; out, four alerts.

They are causes: what a model's users feel of them is silenced while they fire.
"""

from servescope.operate.alert import Alert
from servescope.operate.alerts.stuck import stuck_alert
from servescope.operate.alerts.wording import MODEL, NUMBER, SERVER
from servescope.operate.promql import Expression, Recordings, max_by, metric, one_of, recent, sum_by, sum_gained
from servescope.operate.recordings.levels import INSTANCE_MODEL
from servescope.operate.thresholds.thresholds import Thresholds


def worker_alerts(recorded: Recordings, thresholds: Thresholds) -> tuple[Alert, ...]:
    """All hang, restarts again and again, no worker that can work, fewer than the least that was asked for."""
    return (stuck_alert(recorded, thresholds), _restarting(thresholds), _not_ready(thresholds), _missing(thresholds))


def _able() -> Expression:
    """Workers that can work, 0 where there are none in these states. A model that sleeps, or wakes, lacks none."""
    able = one_of("state", "ready", "busy", "asleep", "waking")
    return sum_by(recent(metric("servescope_workers").where(able)), *INSTANCE_MODEL)


def _least() -> Expression:
    return max_by(recent(metric("servescope_workers_min")), *INSTANCE_MODEL)


def _restarting(thresholds: Thresholds) -> Alert:
    restarts = metric("servescope_worker_restarts_total")
    by_reason = sum_gained(restarts, "15m", *INSTANCE_MODEL, "reason")
    many = sum_gained(restarts, "15m", *INSTANCE_MODEL) >= thresholds.worker_restarts
    registered = max_by(recent(metric("servescope_workers_max")), *INSTANCE_MODEL)
    return Alert(
        name="ServescopeWorkersRestart",
        severity="page",
        role="cause",
        # One alert for each reason, since what is to be done goes by the reason; all of them together are many.
        condition=(by_reason > 0).and_on(many.and_on(registered), *INSTANCE_MODEL),
        measured=by_reason,
        summary=f"Workers of {MODEL} on {SERVER} die again and again: {{{{ $labels.reason }}}}",
        description=(
            f"Workers of {MODEL} on {SERVER} were started again {NUMBER} times in the last 15 minutes for the reason"
            " {{ $labels.reason }}."
        ),
    )


def _not_ready(thresholds: Thresholds) -> Alert:
    able = _able()
    return Alert(
        name="ServescopeModelNotReady",
        severity="page",
        role="cause",
        condition=able.equals(0).and_on(_least() > 0),
        measured=able,
        lasts=thresholds.model_not_ready_for,
        summary=f"{MODEL} on {SERVER} has no worker that can work",
        description=f"{MODEL} on {SERVER} should have workers, and none is ready or busy: it can answer nothing.",
    )


def _missing(thresholds: Thresholds) -> Alert:
    able, least = _able(), _least()
    return Alert(
        name="ServescopeWorkersMissing",
        severity="ticket",
        role="cause",
        condition=(least - able > 0).and_on(able > 0),
        measured=least - able,
        lasts=thresholds.workers_missing_for,
        summary=f"{MODEL} on {SERVER} has fewer workers than it should",
        description=f"{MODEL} on {SERVER} lacks {NUMBER} of the workers that it should have at least.",
    )
