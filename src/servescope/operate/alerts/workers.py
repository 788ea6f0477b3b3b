"""Workers that hang, die or are lacking, on one server: in, the workers' families; out, four alerts.

They are causes: what a model's users feel of them is silenced while they fire.
"""

from servescope.findings.rules.workers import worker_rules
from servescope.findings.thresholds.thresholds import Thresholds
from servescope.operate.alert import Alert
from servescope.operate.alerts.stuck import stuck
from servescope.operate.alerts.written import Quantities, written
from servescope.operate.promql import Recordings, max_by, metric, one_of, recent, sum_by, sum_gained
from servescope.operate.recordings.levels import INSTANCE_MODEL


def worker_alerts(recorded: Recordings, thresholds: Thresholds) -> tuple[Alert, ...]:
    """All hang, restarts again and again, no worker that can work, fewer than the least that was asked for."""
    quantities = _quantities()
    hangs, *others = worker_rules(thresholds)
    first = written(hangs, quantities, thresholds, stuck(quantities["in_flight_oldest"], recorded, thresholds))
    return (first, *(written(rule, quantities, thresholds) for rule in others))


def _quantities() -> Quantities:
    """able: those that can work, 0 where there are none in these states. A model that sleeps, or wakes, lacks none."""
    states = one_of("state", "ready", "busy", "asleep", "waking")
    able = sum_by(recent(metric("servescope_workers").where(states)), *INSTANCE_MODEL)
    least = max_by(recent(metric("servescope_workers_min")), *INSTANCE_MODEL)
    restarts = metric("servescope_worker_restarts_total")
    return {
        "in_flight_oldest": max_by(recent(metric("servescope_in_flight_oldest_seconds")), *INSTANCE_MODEL),
        "restarts_15m": sum_gained(restarts, "15m", *INSTANCE_MODEL),
        "restarts_by_reason_15m": sum_gained(restarts, "15m", *INSTANCE_MODEL, "reason"),
        "most_workers": max_by(recent(metric("servescope_workers_max")), *INSTANCE_MODEL),
        "able": able,
        "least_workers": least,
        "lacking": least - able,
    }
