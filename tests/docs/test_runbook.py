"""docs/runbook.md has a section for each alert, and names only what there is."""

import re
from pathlib import Path

import pytest

from docs.families import family, labels
from docs.promql import selectors
from servescope.findings.thresholds.thresholds import Thresholds
from servescope.metrics.runbook.page import page
from servescope.metrics.runbook.render import anchor_of, rendered
from servescope.metrics.runbook.steps import first_steps
from servescope.operate.alerts import alert_groups
from servescope.operate.recordings import all_recordings

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
    """What it means, what users feel, what to do first, where to look, what to do then and what to change."""
    parts = ("**Means.**", "**Users.**", "**First.**\n\n1. ", "**Look.**", "**Do.**", "**Change.**")
    places = [SECTIONS[name].index(part) for part in parts]
    assert places == sorted(places)


@pytest.mark.parametrize("name", ALERTS)
def test_what_comes_with_an_alert(name):
    """Two steps, each short enough for a notification, and in need of no server that answers."""
    steps = first_steps(name.lower())
    assert len(steps) == 2
    assert all(20 < len(step) < 220 for step in steps), steps
    assert not any("{{" in step or "<" in step for step in steps)
    for step in steps:
        assert step.replace("`", "") in SECTIONS[name].replace("`", "")


@pytest.mark.parametrize("code", ["499", "408"])
def test_codes_that_no_alert_is_named_after(code):
    """Both have a section of their own, which the alerts lead to."""
    (heading,) = re.findall(rf"^## ({code}: .+)$", PAGE, re.MULTILINE)
    assert f"(#{anchor_of(heading)})" in SECTIONS["ServescopeClientsGiveUp"]


def test_the_servers_page_is_this_one():
    """`make generated` renders it anew; every link within it leads somewhere, and none leads out of the server's sight."""
    text = page().decode()
    assert text == rendered(PAGE), "metrics/runbook/page.html is stale: make generated"
    anchors = set(re.findall(r' id="([^"]+)"', text))
    linked = re.findall(r'href="([^"]+)"', text)
    assert {name.lower() for name in ALERTS} <= anchors
    assert {link.removeprefix("#") for link in linked if link.startswith("#")} <= anchors
    assert all(link.startswith(("#", "http")) for link in linked)


def test_a_section_without_steps():
    """It is named."""
    for anchor in ("nothing", "408-the-deadline-passed"):
        with pytest.raises(LookupError, match=anchor):
            first_steps(anchor)


def test_thresholds_exist():
    """Every threshold that the page names, and every one of the alerts is named somewhere."""
    fields = set(Thresholds.__dataclass_fields__)
    kinds = r"`(?!servescope_)(\w+_(?:ratio|for|seconds|restarts|requests|rate_\w+|page|ticket|minimum|times_normal))`"
    named = set(re.findall(kinds, PAGE))
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
