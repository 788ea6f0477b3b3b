"""A finding's rule as an alert of Prometheus: in, the rule, and what each quantity is in PromQL; out, the alert.

Called by each topic beside this file. What is wrong, from when on, and in which words stands in `findings.rules`.
"""

from collections.abc import Mapping

from servescope.findings.condition import Both, Compare, Condition, Known, Limit, Unless
from servescope.findings.rule import Rule, said
from servescope.findings.thresholds.thresholds import Thresholds
from servescope.operate.alert import Alert
from servescope.operate.alerts.wording import WORDS
from servescope.operate.promql import Expression
from servescope.operate.recordings.levels import INSTANCE_MODEL

Quantities = Mapping[str, Expression]


def written(rule: Rule, quantities: Quantities, thresholds: Thresholds, condition: Expression | None = None) -> Alert:
    """The alert. `condition`: where Prometheus looks further than a server can."""
    if condition is None:
        assert rule.condition is not None, f"{rule.name} has no condition that both can judge by"
        condition = expression(rule.condition, quantities, thresholds)
    return Alert(
        name=rule.name,
        severity=rule.severity,
        role=rule.role,
        labels=rule.labels,
        condition=condition,
        measured=quantities[rule.measured],
        lasts=rule.lasts,
        summary=said(rule.summary, _word),
        description=said(rule.description, _word),
    )


def expression(condition: Condition, quantities: Quantities, thresholds: Thresholds) -> Expression:
    """A condition in PromQL."""
    match condition:
        case Known(name):
            return quantities[name]
        case Compare(name, operator, limit):
            return quantities[name].join(operator, _limit(limit, quantities, thresholds))
        case Both(first, second, of_model):
            on = INSTANCE_MODEL if of_model else ()
            left, right = (expression(each, quantities, thresholds) for each in (first, second))
            return left.and_on(right, *on)
        case Unless(first, second):
            left, right = (expression(each, quantities, thresholds) for each in (first, second))
            return left.unless_on(right)


def _limit(limit: Limit | float | str, quantities: Quantities, thresholds: Thresholds) -> Expression | float:
    match limit:
        case Limit(name, less):
            value: float = getattr(thresholds, name)
            return value - less if less else value
        case str(name):
            return quantities[name]
        case number:
            return number


def _word(token: str) -> str:
    return WORDS[token] if token in WORDS else f"{{{{ $labels.{token.removeprefix('label ')} }}}}"
