"""Conditions on one server's own numbers: in, quantities by their names; out, the subjects for which a condition holds.

A quantity is a table: a subject and a number. The joins are PromQL's, so a condition means here what it means to Prometheus.
"""

import operator
from collections.abc import Callable, Mapping
from typing import Final

from servescope.findings.condition import Both, Compare, Condition, Known, Limit, Unless
from servescope.findings.thresholds.thresholds import Thresholds

# Labels and their values, in the order of the labels' names: of a model, model_name and model_version among them.
Subject = frozenset[tuple[str, str]]
Table = Mapping[Subject, float]
Quantities = Callable[[str], Table]

_OPERATORS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "==": operator.eq,
}
_OF_MODEL: Final = ("model_name", "model_version")


def subject(**labels: str) -> Subject:
    """Whoever has these labels."""
    return frozenset(labels.items())


def holds(condition: Condition, quantities: Quantities, thresholds: Thresholds, part: float = 1.0) -> Table:
    """The subjects for which it holds, each with the value that is compared first. `part`: of each threshold, for what comes."""
    match condition:
        case Known(name):
            return quantities(name)
        case Compare():
            return _compared(condition, quantities, thresholds, part)
        case Both(first, second, of_model):
            left = holds(first, quantities, thresholds, part)
            right = holds(second, quantities, thresholds, part)
            if not of_model:
                return {one: value for one, value in left.items() if one in right}
            models = {model_of(one) for one in right}
            return {one: value for one, value in left.items() if model_of(one) in models}
        case Unless(first, second):
            against = holds(second, quantities, thresholds)
            return {
                one: value
                for one, value in holds(first, quantities, thresholds, part).items()
                if one not in against
            }  # fmt: skip


def model_of(one: Subject) -> Subject:
    """Its model."""
    return frozenset(pair for pair in one if pair[0] in _OF_MODEL)


def _compared(compare: Compare, quantities: Quantities, thresholds: Thresholds, part: float) -> Table:
    table, so = quantities(compare.quantity), _OPERATORS[compare.operator]
    match compare.limit:
        case Limit(name, less):
            limit = (getattr(thresholds, name) - less) * part
            return {one: value for one, value in table.items() if so(value, limit)}
        case str(name):
            other = quantities(name)
            return {one: value for one, value in table.items() if one in other and so(value, other[one])}
        case number:
            return {one: value for one, value in table.items() if so(value, number)}
