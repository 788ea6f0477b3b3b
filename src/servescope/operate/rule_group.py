"""Groups of rules as Prometheus evaluates them: in, recordings or alerts; out, a group with its interval.

Made by `recordings` and `alerts`, written by `rule_files`.
"""

from dataclasses import dataclass
from typing import Generic, TypeVar

from servescope.operate.alert import Alert
from servescope.operate.promql import Recording

Rule = TypeVar("Rule", Recording, Alert)


@dataclass(frozen=True, slots=True)
class RuleGroup(Generic[Rule]):
    """Rules that are evaluated one after the other, each seeing what those before it recorded; `interval` as `15s`."""

    name: str
    interval: str
    rules: tuple[Rule, ...]
