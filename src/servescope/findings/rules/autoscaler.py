"""An autoscaler that cannot do what it wants, of a model on one server.

They hold in mode `act` alone, where it decides, but for what it decides by, which `advise` needs as well.
"""

from servescope.findings.condition import Both, Compare, Limit
from servescope.findings.rule import DURATION, MODEL, NUMBER, SERVER, Rule, label
from servescope.findings.thresholds.thresholds import Thresholds


def autoscaler_rules(thresholds: Thresholds) -> tuple[Rule, ...]:
    """At its maximum, without numbers, without the workers that it wants."""
    return (_at_maximum(thresholds), _stale(thresholds), _lacking(thresholds))


def _at_maximum(thresholds: Thresholds) -> Rule:
    """Prometheus sees besides whether the model spends its error budget too fast."""
    return Rule(
        name="ServescopeAutoscalerAtMaximum",
        severity="ticket",
        role="cause",
        measured="applied",
        condition=Both(
            Both(Compare("applied", ">=", "most_workers"), Compare("acting", ">", 0)),
            Compare("withheld_by_max", ">", 0),
        ),
        lasts=thresholds.autoscaler_at_maximum_for,
        summary=f"{MODEL} on {SERVER} has as many workers as it may, and needs more",
        description=(
            f"The autoscaler has given {MODEL} on {SERVER} all {NUMBER} workers that its maxWorkers allows. It wants more, or the"
            f" model spends an error budget more than {thresholds.burn_rate_6h:g} times as fast as it lasts."
        ),
    )


def _stale(thresholds: Thresholds) -> Rule:
    return Rule(
        name="ServescopeAutoscalerInputStale",
        severity="ticket",
        measured="input_age",
        condition=Compare("input_age", ">", Limit("autoscaler_stale_seconds")),
        lasts=thresholds.autoscaler_stale_for,
        summary=f"The autoscaler of {MODEL} on {SERVER} decides without numbers",
        description=(
            f"For {DURATION} the autoscaler of {MODEL} on {SERVER} has not had all the numbers that it decides by. Meanwhile it"
            " takes no worker away, and without any numbers it adds none."
        ),
    )


def _lacking(thresholds: Thresholds) -> Rule:
    """Prometheus sees besides that workers were asked for and do not load, for longer than they usually take."""
    return Rule(
        name="ServescopeAutoscalerLacksWorkers",
        severity="ticket",
        role="cause",
        measured="autoscaler_lacking",
        condition=Both(Compare("withheld_beyond", ">", 0), Compare("acting", ">", 0), of_model=True),
        lasts=thresholds.autoscaler_workers_for,
        summary=f"{MODEL} on {SERVER} does not get the workers that it needs: {label('bound')}",
        description=(
            f"The autoscaler wants {NUMBER} more workers for {MODEL} on {SERVER} than there are, and they do not come:"
            f" {label('bound')}."
        ),
    )
