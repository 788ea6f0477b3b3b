"""An autoscaler that cannot do what it wants, of a model on one server: in, what it wants, has and may; out, three alerts.

They hold in mode `act` alone, where it decides, but for what it decides by, which `advise` needs as well. A model that sleeps, and
one that grows as it should, call nobody.
"""

from typing import Final

from servescope.operate.alert import Alert
from servescope.operate.alerts.requests import enough_failed
from servescope.operate.alerts.wording import DURATION, MODEL, NUMBER, SERVER
from servescope.operate.promql import (
    Expression,
    Recordings,
    Selector,
    differs,
    equal,
    label_text,
    max_by,
    metric,
    recent,
)
from servescope.operate.recordings.autoscaler import IN_VAIN, LACKING, acting, applied
from servescope.operate.recordings.levels import INSTANCE_MODEL
from servescope.operate.recordings.levels import MODEL as BY_MODEL
from servescope.operate.recordings.objectives import BURN, ERRORS
from servescope.operate.thresholds.thresholds import Thresholds

# In the place of a bound: there was room, they were asked for, and do not come.
LOADING: Final = "loading"


def autoscaler_alerts(recorded: Recordings, thresholds: Thresholds) -> tuple[Alert, ...]:
    """At its maximum, without numbers, without the workers that it wants."""
    return (_at_maximum(recorded, thresholds), _stale(thresholds), _lacking(recorded, thresholds))


def _at_maximum(recorded: Recordings, thresholds: Thresholds) -> Alert:
    count, most = applied(), max_by(recent(metric("servescope_workers_max")), *INSTANCE_MODEL)
    full = count.and_on(count >= most).and_on(acting())
    more = max_by(recent(_withheld().where(equal("bound", "max"))), *INSTANCE_MODEL) > 0
    return Alert(
        name="ServescopeAutoscalerAtMaximum",
        severity="ticket",
        role="cause",
        condition=full.and_on(more).or_else(full.and_on(_burning(recorded, thresholds), *BY_MODEL)),
        measured=count,
        lasts=thresholds.autoscaler_at_maximum_for,
        summary=f"{MODEL} on {SERVER} has as many workers as it may, and needs more",
        description=(
            f"The autoscaler has given {MODEL} on {SERVER} all {NUMBER} workers that its maxWorkers allows. It wants more, or the"
            f" model spends an error budget more than {thresholds.burn_rate_6h:g} times as fast as it lasts."
        ),
    )


def _burning(recorded: Recordings, thresholds: Thresholds) -> Expression:
    """An objective of the model is missed, and still is; a few failures are no reason to say so."""
    long, short = (recorded.read(f"{BURN}rate{window}").now > thresholds.burn_rate_6h for window in ("30m", "5m"))
    failed = recorded.read(f"{ERRORS}count30m").now
    return long.and_on(short).and_on(enough_failed(failed, "ticket", thresholds))


def _stale(thresholds: Thresholds) -> Alert:
    age = max_by(recent(metric("servescope_autoscaler_input_age_seconds")), *INSTANCE_MODEL)
    return Alert(
        name="ServescopeAutoscalerInputStale",
        severity="ticket",
        condition=age > thresholds.autoscaler_stale_seconds,
        measured=age,
        lasts=thresholds.autoscaler_stale_for,
        summary=f"The autoscaler of {MODEL} on {SERVER} decides without numbers",
        description=(
            f"For {DURATION} the autoscaler of {MODEL} on {SERVER} has not had all the numbers that it decides by. Meanwhile it"
            " takes no worker away, and without any numbers it adds none."
        ),
    )


def _lacking(recorded: Recordings, thresholds: Thresholds) -> Alert:
    beyond = max_by(recent(_withheld().where(differs("bound", "max"))), *INSTANCE_MODEL, "bound")
    held = (beyond > 0).and_on(acting(), *INSTANCE_MODEL)
    in_vain = recorded.read(IN_VAIN).now.unless_on(held, *INSTANCE_MODEL)
    return Alert(
        name="ServescopeAutoscalerLacksWorkers",
        severity="ticket",
        role="cause",
        condition=held.or_else(label_text(in_vain, "bound", LOADING)),
        measured=recorded.read(LACKING).now,
        lasts=thresholds.autoscaler_workers_for,
        summary=f"{MODEL} on {SERVER} does not get the workers that it needs: {{{{ $labels.bound }}}}",
        description=(
            f"The autoscaler wants {NUMBER} more workers for {MODEL} on {SERVER} than there are, and they do not come:"
            " {{ $labels.bound }}."
        ),
    )


def _withheld() -> Selector:
    return metric("servescope_autoscaler_withheld_workers")
