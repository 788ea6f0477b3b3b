"""The report as one file: charts that are well-formed, names that stay text, nothing from elsewhere."""

import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from planner.pools import searched
from servescope.planner.limits.limit import find_limit
from servescope.planner.limits.readings import Use
from servescope.planner.objective import parse_objective
from servescope.planner.plan.law import Point
from servescope.planner.plan.plan import Asked, Machine, impossible, make_plan
from servescope.planner.report.chart import Chart, draw
from servescope.planner.report.page import page

HOSTILE = '<script>alert("1")</script>&amp;'
SLO = parse_objective("p95=200ms")
LIMIT = find_limit(Use(workers=0.9))


class Tags(HTMLParser):
    """The names of all tags, and all attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names, self.attributes = set[str](), set[str]()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.names.add(tag)
        self.attributes |= {name for name, _ in attrs}


def test_the_page_has_charts_and_no_script():
    """A hostile name stays text; there is no script, no handler, and no address of anything."""
    found = searched("constant", 2, "p95=200ms", 1)
    plan = make_plan([Point(2, found.edge, 40.0)], Asked(HOSTILE, SLO, 100), LIMIT, Machine(), found.trials)
    text = page(plan, [("workers", HOSTILE)])
    tags = Tags(text)
    assert {"svg", "table", "circle", "details"} <= tags.names
    assert not {"script", "link", "img", "iframe"} & tags.names
    assert not {name for name in tags.attributes if name.startswith("on") or name in ("src", "href")}
    charts = re.findall(r"<svg.*?</svg>", text)
    assert len(charts) == 2
    for chart in charts:
        assert ElementTree.fromstring(chart).get("aria-label")
    assert text.count("<circle") == len(found.trials) + 1


def test_counts_of_workers_are_whole():
    """Nobody has 0.6 of one; and a line that may not be crossed says what it is."""
    found = searched("constant", 2, "p95=200ms", 1)
    plan = make_plan([Point(2, found.edge, 40.0)], Asked("m", SLO, 100), LIMIT, Machine(), found.trials)
    text = page(plan, [])
    late, counts = re.findall(r"<svg.*?</svg>", text)
    assert "as many may be late: 5 %" in late
    ticks = re.findall(r'text-anchor="middle">([0-9.]+)</text>', counts)
    assert len(ticks) == 6
    assert all(tick.isdecimal() for tick in ticks)


def test_a_plan_that_is_none_has_a_page():
    """Its rows, without charts."""
    text = page(impossible(Asked("m", SLO, 100), LIMIT, "p50 = 3 s"), [("verdict", "nothing keeps this objective")])
    assert "nothing keeps this objective" in text
    assert "<svg" not in text


@pytest.mark.parametrize("dots", [(), [(0.0, 0.0)], [(1e-6, 1e6)], [(3.0, 0.0), (97.0, 12.0)]])
def test_charts_are_well_formed(dots):
    """Whatever the numbers, and within the picture."""
    root = ElementTree.fromstring(draw(Chart("<a>", "&", "'\"", dots=dots, level=5.0, marks=[(1.0, "<b>")])))
    for circle in root.iter("circle"):
        assert 0 <= float(circle.get("cx")) <= 640
        assert 0 <= float(circle.get("cy")) <= 320
