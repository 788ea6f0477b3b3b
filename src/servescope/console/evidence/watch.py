"""What is wrong now: in, rules and this moment's quantities; out, findings, the worst first, each with since when it is so.

It is asked with each event while a page is open, and once a minute else, or nobody would know since when. A finding whose time is
not up yet is pending, as an alert would be; one that is on its way to its threshold too, where its rule says so.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final
from urllib.parse import quote

from msgspec import Struct
from msgspec.structs import replace

from servescope.console.evidence.gathered import Gathered
from servescope.console.evidence.quantities import reader
from servescope.findings.covering import covers
from servescope.findings.judge import Quantities, Subject, holds, model_of
from servescope.findings.rule import Rule, said
from servescope.findings.rules import all_rules
from servescope.findings.thresholds.thresholds import Thresholds
from servescope.findings.thresholds.values import duration_s

COMING: Final = "Not yet, but on its way: "
_ORDER: Final = ("firing page", "firing ticket", "pending page", "pending ticket")
_ROLES: Final = ("cause", "symptom", "")


class Finding(Struct, frozen=True):
    """One, at the moment `at`, in seconds since 1970. `lasted_s`: how long it has been so. `coming`: it has yet to reach its
    threshold. `behind`: the rule that covers it, where there is one that is so of the same model.
    """

    rule: Rule
    subject: Subject
    value: float
    at: float
    lasted_s: float
    coming: bool
    behind: Rule | None = None

    @property
    def labels(self) -> Mapping[str, str]:
        """Whose it is."""
        return dict(self.subject)

    @property
    def firing(self) -> bool:
        """Whether an alert would fire."""
        return not self.coming and self.lasted_s >= duration_s(self.rule.lasts)

    def document(self) -> dict[str, object]:
        """For pages."""
        rule, labels = self.rule, self.labels
        model, version = labels.get("model_name"), labels.get("model_version")
        description = self._said(rule.description)
        return {
            "name": rule.name,
            "severity": rule.severity,
            "model": model,
            "version": version,
            "summary": self._said(rule.summary),
            "description": COMING + description if self.coming else description,
            "value": self.value,
            "since": self.at - self.lasted_s,
            "lasts_s": duration_s(rule.lasts),
            "standing": "firing" if self.firing else "pending",
            "behind": None if self.behind is None else self.behind.name,
            "place": "#/" if version is None or model is None else f"#/model/{quote(model, '')}/{quote(version, '')}",
            "runbook": f"console/runbook#{rule.anchor}",
        }

    def _said(self, text: str) -> str:
        words = said(text, self._word)
        return words[:1].upper() + words[1:] if text.startswith("{server}") else words

    def _word(self, token: str) -> str:
        labels = self.labels
        if token == "model":
            return f"{labels.get('model_name', '')} {labels.get('model_version', '')}".strip()
        if token == "server":
            return "this server"
        if token.startswith("label "):
            return labels.get(token.removeprefix("label "), "")
        return VALUES[token](self.value)


def _percent(value: float) -> str:
    return f"{value * 100:.3g} %"


def _number(value: float) -> str:
    return f"{value:.0f}"


def _duration(value: float) -> str:
    if value < 1:
        return f"{value * 1000:.3g} ms"
    if value < 60:
        return f"{value:.3g} s"
    minutes, seconds = divmod(round(value), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds} s"


VALUES: Final = {"value as percent": _percent, "value as number": _number, "value as duration": _duration}


class Watch:
    """Since when what is wrong is so. `clock`: seconds that nobody sets, as the clock on the wall is set now and then."""

    def __init__(self, thresholds: Thresholds | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._thresholds = thresholds or Thresholds()
        self._rules = all_rules(self._thresholds)
        self._since: dict[tuple[Rule, Subject], float] = {}

    def look(self, gathered: Gathered) -> list[Finding]:
        """What is wrong at this moment."""
        quantities, now, at = reader(gathered), self._clock(), gathered.snapshot.at
        so = {(rule, one): judged for rule in self._rules for one, judged in self._judged(rule, quantities).items()}
        self._since = {which: self._since.get(which, now) for which in so}
        found = [Finding(*which, value, at, now - self._since[which], coming) for which, (value, coming) in so.items()]
        found.sort(key=_badness)
        return [replace(one, behind=_before(one, found)) for one in found]

    def _judged(self, rule: Rule, quantities: Quantities) -> dict[Subject, tuple[float, bool]]:
        """Whom it is so of: its value, and whether its threshold is yet to be reached."""
        if rule.condition is None:
            return {}
        there = holds(rule.condition, quantities, self._thresholds)
        near = there if rule.early == 1.0 else holds(rule.condition, quantities, self._thresholds, rule.early)
        return {one: (value, one not in there) for one, value in near.items()}


def _before(finding: Finding, found: Sequence[Finding]) -> Rule | None:
    """Of those that are so of the same model, the worst that covers it; what is no alert yet covers none."""
    model = model_of(finding.subject)
    covering = (other for other in found if model_of(other.subject) == model and covers(other.rule, finding.rule))
    real = (other.rule for other in covering if other.firing or not (other.coming or finding.firing))
    return next(real, None) if model else None


def _badness(finding: Finding) -> tuple[int, int, str]:
    standing = "firing" if finding.firing else "pending"
    return _ORDER.index(f"{standing} {finding.rule.severity}"), _ROLES.index(finding.rule.role), finding.rule.name
