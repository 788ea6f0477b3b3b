"""Every rule: its quantities are known to the server, its words to Prometheus' templates and to the console."""

import pytest

from servescope.console.evidence.quantities import QUANTITIES
from servescope.findings.condition import Both, Compare, Known, Limit, Unless
from servescope.findings.rule import TOKEN
from servescope.findings.rules import all_rules
from servescope.findings.rules.elsewhere import ELSEWHERE
from servescope.findings.thresholds.thresholds import Thresholds
from servescope.metrics.runbook.page import page
from servescope.operate.alerts import alert_groups

RULES = all_rules(Thresholds())
JUDGED = [rule for rule in RULES if rule.condition is not None]


def named(condition):
    """The quantities of a condition, and the thresholds."""
    match condition:
        case Known(name):
            return {name}, set()
        case Compare(name, _, limit):
            others = {limit} if isinstance(limit, str) else set()
            return {name} | others, {limit.threshold} if isinstance(limit, Limit) else set()
        case Both() | Unless():
            first, second = named(condition.first), named(condition.second)
            return first[0] | second[0], first[1] | second[1]


@pytest.mark.parametrize("rule", JUDGED, ids=lambda rule: rule.name)
def test_the_server_knows_its_quantities(rule):
    """All that a condition compares, and every threshold."""
    quantities, thresholds = named(rule.condition)
    assert quantities <= QUANTITIES.keys()
    assert all(hasattr(Thresholds(), name) for name in thresholds)


def test_every_quantity_is_asked_for():
    """What no rule compares is not worked out."""
    asked = set().union(*(named(rule.condition)[0] for rule in JUDGED))
    assert set(QUANTITIES) == asked


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_its_words(rule):
    """Tokens that both sides know, and a section in the runbook."""
    for token in TOKEN.findall(rule.summary + rule.description):
        assert token in ("model", "server", "value as percent", "value as number", "value as duration") or (
            token.startswith("label ")
        )
    assert f'id="{rule.anchor}"' in page().decode()


def test_every_alert_is_a_rule_or_prometheus_to_judge():
    """Nothing is left unsaid: an alert has its rule here, or stands among what is judged elsewhere."""
    alerts = {alert.name for group in alert_groups(Thresholds(), "classic") for alert in group.rules}
    assert alerts == {rule.name for rule in RULES} | {each.name for each in ELSEWHERE}
    assert {rule.name for rule in RULES if rule.condition is None} <= {each.name for each in ELSEWHERE}
