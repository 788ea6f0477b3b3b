"""docs/runbook.md has a section for each alert, and names only what there is."""

import re
from pathlib import Path

import pytest

from docs.families import family, labels
from docs.promql import selectors
from servescope.operate.alerts import alert_groups
from servescope.operate.recordings import all_recordings
from servescope.operate.thresholds import Thresholds

PAGE = (Path(__file__).parents[2] / "docs" / "runbook.md").read_text("utf-8")
SECTIONS = dict(re.findall(r"^## (Servescope\w+)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
ALERTS = {alert.name: alert for group in alert_groups(Thresholds(), "classic") for alert in group.rules}
OF_PROMETHEUS = ("up", "scrape_duration_seconds")
EXPRESSIONS = re.findall(r"^```promql\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def test_every_alert_has_a_section():
    """And every section its alert, in the alerts' order, under the anchor that the alert links to."""
    assert list(SECTIONS) == list(ALERTS)
    for name, alert in ALERTS.items():
        assert alert.anchor == name.lower()


@pytest.mark.parametrize("name", ALERTS)
def test_what_a_section_has(name):
    """What it means, what users feel, where to look first, what to do and what to change."""
    for part in ("**Means.**", "**Users.**", "**Look.**", "**Do.**", "**Change.**"):
        assert part in SECTIONS[name], part


def test_thresholds_exist():
    """Every threshold that the page names, and every one of the alerts is named somewhere."""
    fields = set(Thresholds.__dataclass_fields__)
    named = set(re.findall(r"`(\w+_(?:ratio|for|seconds|restarts|requests|rate_\w+|page|ticket))`", PAGE))
    assert named <= fields | {"max_request_size"}, named - fields
    assert fields - named <= {"job", "runbook_url", "grafana_url"}, fields - named


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_expressions(text):
    """Families, recordings and labels of the page's PromQL exist."""
    recorded = all_recordings("classic")
    found = selectors(text)
    assert found
    for selector in found:
        if ":" in selector.name:
            known = recorded[selector.name].expression.labels
        else:
            assert selector.name in OF_PROMETHEUS or family(selector.name), selector.name
            known = {"job", "instance"} if selector.name in OF_PROMETHEUS else labels(selector.name)
        assert {label for label, _, _ in selector.matchers} <= known, selector
