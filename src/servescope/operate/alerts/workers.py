"""Workers that die or are lacking, on one server: in, the workers' families; out, three alerts.

They are causes: what a model's users feel of them is silenced while they fire.
"""

from servescope.operate.alert import Alert
from servescope.operate.alerts.wording import MODEL, NUMBER, SERVER
from servescope.operate.promql import Expression, increase, max_by, metric, one_of, recent, sum_by
from servescope.operate.recordings.levels import INSTANCE_MODEL
from servescope.operate.thresholds import Thresholds


def worker_alerts(thresholds: Thresholds) -> tuple[Alert, ...]:
    """Restarts again and again, no worker that can work, fewer than the least that was asked for."""
    return (_restarting(thresholds), _not_ready(thresholds), _missing(thresholds))


def _able() -> Expression:
    """Workers that can work, 0 where there are none in these states."""
    return sum_by(recent(metric("servescope_workers").where(one_of("state", "ready", "busy"))), *INSTANCE_MODEL)


def _least() -> Expression:
    return max_by(recent(metric("servescope_workers_min")), *INSTANCE_MODEL)


def _restarting(thresholds: Thresholds) -> Alert:
    restarts = sum_by(increase(metric("servescope_worker_restarts_total"), "15m"), *INSTANCE_MODEL)
    # `increase` extrapolates to the window's edges, so three restarts are 2.9 or 3.1: it may err by half a one.
    condition = restarts > thresholds.worker_restarts - 0.5
    registered = max_by(recent(metric("servescope_workers_max")), *INSTANCE_MODEL)
    return Alert(
        name="ServescopeWorkersRestart",
        severity="page",
        role="cause",
        condition=condition.and_on(registered),
        measured=restarts,
        summary=f"Workers of {MODEL} on {SERVER} die again and again",
        description=f"Workers of {MODEL} on {SERVER} were started again {NUMBER} times in the last 15 minutes.",
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
