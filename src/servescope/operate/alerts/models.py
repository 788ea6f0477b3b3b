"""Models that should be there and are not: in, what a start could not load, and answers of 404; out, two alerts."""

from servescope.findings.rules.models import model_rules
from servescope.findings.thresholds.thresholds import Thresholds
from servescope.operate.alert import Alert
from servescope.operate.alerts.written import written
from servescope.operate.promql import Recordings, max_by, metric, recent, share
from servescope.operate.recordings.levels import INSTANCE
from servescope.operate.recordings.unknown import EVERY, UNKNOWN


def model_alerts(recorded: Recordings, thresholds: Thresholds) -> tuple[Alert, ...]:
    """Models that the start was asked for, and models that clients ask for."""
    unknown, every = recorded.read(UNKNOWN).now, recorded.read(EVERY).now
    quantities = {
        "models_missing": max_by(recent(metric("servescope_models_missing")), *INSTANCE, "model_name", "reason"),
        "unknown_10m": unknown,
        "unknown_ratio": share(unknown, every),
    }
    return tuple(written(rule, quantities, thresholds) for rule in model_rules(thresholds))
