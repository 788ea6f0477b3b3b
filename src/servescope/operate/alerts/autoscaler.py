"""An autoscaler that cannot do what it wants, of a model on one server: in, what it wants, has and may; out, three alerts.

They hold in mode `act` alone, where it decides, but for what it decides by, which `advise` needs as well. A model that sleeps, and
one that grows as it should, call nobody.
"""

from typing import Final

from servescope.findings.rules.autoscaler import autoscaler_rules
from servescope.findings.thresholds.thresholds import Thresholds
from servescope.operate.alert import Alert
from servescope.operate.alerts.requests import enough_failed
from servescope.operate.alerts.written import written
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

# In the place of a bound: there was room, they were asked for, and do not come.
LOADING: Final = "loading"


def autoscaler_alerts(recorded: Recordings, thresholds: Thresholds) -> tuple[Alert, ...]:
    """At its maximum, without numbers, without the workers that it wants."""
    quantities = {
        "applied": applied(),
        "input_age": max_by(recent(metric("servescope_autoscaler_input_age_seconds")), *INSTANCE_MODEL),
        "autoscaler_lacking": recorded.read(LACKING).now,
    }
    at_maximum, stale, lacking = autoscaler_rules(thresholds)
    return (
        written(at_maximum, quantities, thresholds, _at_maximum(recorded, thresholds)),
        written(stale, quantities, thresholds),
        written(lacking, quantities, thresholds, _lacking(recorded)),
    )


def _at_maximum(recorded: Recordings, thresholds: Thresholds) -> Expression:
    count, most = applied(), max_by(recent(metric("servescope_workers_max")), *INSTANCE_MODEL)
    full = count.and_on(count >= most).and_on(acting())
    more = max_by(recent(_withheld().where(equal("bound", "max"))), *INSTANCE_MODEL) > 0
    return full.and_on(more).or_else(full.and_on(_burning(recorded, thresholds), *BY_MODEL))


def _burning(recorded: Recordings, thresholds: Thresholds) -> Expression:
    """An objective of the model is missed, and still is; a few failures are no reason to say so."""
    long, short = (recorded.read(f"{BURN}rate{window}").now > thresholds.burn_rate_6h for window in ("30m", "5m"))
    failed = recorded.read(f"{ERRORS}count30m").now
    return long.and_on(short).and_on(enough_failed(failed, "ticket", thresholds))


def _lacking(recorded: Recordings) -> Expression:
    beyond = max_by(recent(_withheld().where(differs("bound", "max"))), *INSTANCE_MODEL, "bound")
    held = (beyond > 0).and_on(acting(), *INSTANCE_MODEL)
    in_vain = recorded.read(IN_VAIN).now.unless_on(held, *INSTANCE_MODEL)
    return held.or_else(label_text(in_vain, "bound", LOADING))


def _withheld() -> Selector:
    return metric("servescope_autoscaler_withheld_workers")
