"""Models that should be there and are not: in, what a start could not load, and answers of 404; out, two alerts."""

from servescope.operate.alert import Alert
from servescope.operate.alerts.wording import PERCENT, SERVER, percent
from servescope.operate.promql import Recordings, max_by, metric, recent, share
from servescope.operate.recordings.levels import INSTANCE
from servescope.operate.recordings.unknown import EVERY, UNKNOWN
from servescope.operate.thresholds.thresholds import Thresholds


def model_alerts(recorded: Recordings, thresholds: Thresholds) -> tuple[Alert, ...]:
    """Models that the start was asked for, and models that clients ask for."""
    return (_missing(thresholds), _unknown(recorded, thresholds))


def _missing(thresholds: Thresholds) -> Alert:
    missing = max_by(recent(metric("servescope_models_missing")), *INSTANCE, "model_name", "reason")
    return Alert(
        name="ServescopeModelsMissing",
        severity="page",
        condition=missing > 0,
        measured=missing,
        lasts=thresholds.models_missing_for,
        summary=f"{SERVER} was started with {{{{ $labels.model_name }}}} and does not serve it",
        description=(
            f"The start of {SERVER} could not load the model {{{{ $labels.model_name }}}}: {{{{ $labels.reason }}}}. Whoever"
            " asks for it gets 404, or 503."
        ),
    )


def _unknown(recorded: Recordings, thresholds: Thresholds) -> Alert:
    unknown, every = recorded.read(UNKNOWN).now, recorded.read(EVERY).now
    part = share(unknown, every)
    enough = unknown >= thresholds.unknown_models_minimum
    return Alert(
        name="ServescopeUnknownModels",
        severity="page",
        condition=(part > thresholds.unknown_models_ratio).and_on(enough),
        measured=part,
        lasts=thresholds.unknown_models_for,
        summary=f"More than {percent(thresholds.unknown_models_ratio)} of the requests to {SERVER} are for models that it has not",
        description=(
            f"{PERCENT} of the predictions that {SERVER} was asked for in the last 10 minutes were answered with 404, as there"
            " is no such model or version. Either models are lacking, or clients ask for the wrong ones."
        ),
    )
