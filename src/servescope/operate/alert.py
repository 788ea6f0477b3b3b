"""One alert: what fires it, whom it concerns, and what whoever gets it is told.

Made in `alerts`, written by `rule_files`, held against docs/runbook.md by a test.
"""

import re
from dataclasses import dataclass
from typing import Final

from servescope.findings.rule import Role, Severity
from servescope.operate.promql import Expression, PromqlError

_LABEL: Final = re.compile(r"\$labels\.(\w+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One alerting rule.

    `condition` is the whole expression; `measured` is it without its threshold, which has data whenever the server is
    there (None where nothing of the kind can be said). `lasts` is Prometheus' `for`. `summary` and `description` are
    templates, whose `$value` is the value of `condition`. `labels` are further ones.
    """

    name: str
    severity: Severity
    condition: Expression
    measured: Expression
    summary: str
    description: str
    lasts: str = "0s"
    role: Role = ""
    labels: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        for label in _LABEL.findall(self.summary + self.description):
            if label not in (self.condition.labels or ()):
                raise PromqlError(f"{self.name} tells of a label {label} that its expression has not")

    @property
    def anchor(self) -> str:
        """Its section in docs/runbook.md, as the part of a link after #."""
        return self.name.lower()
