"""How it looks, and to whom: both themes, narrow screens, the keyboard, and what axe-core finds.

The pictures are left in build/console to be looked at; `make console-pictures` takes the documentation's from there.
"""

import json
import re
from pathlib import Path

import pytest

from browser.needed import needed

expect = needed("playwright.sync_api").expect

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "console" / "node_modules" / "axe-core" / "axe.min.js"
PICTURES = ROOT / "build" / "console"
PLACES = {"overview": "#/", "model": "#/model/recommender"}
RUN = "() => axe.run(document, {resultTypes: ['violations']}).then(found => found.violations)"


@pytest.fixture(params=["light", "dark"])
def theme(request):
    return request.param


@pytest.fixture(params=list(PLACES))
def place(request):
    return request.param


def shown(visit, place):
    """The page with all that it has to show."""
    page = visit(PLACES[place])
    ready = ".card .figure b" if place == "overview" else ".chart canvas"
    expect(page.locator(ready).first).to_be_visible()
    if place == "model":
        expect(page.locator(".failures li").first).to_be_visible()
        expect(page.locator(".heat canvas")).to_be_visible()
    return page


def picture(page, name):
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=str(PICTURES / f"{name}.png"), full_page=True)


def test_both_themes(visit, context, theme, place):
    """The system's choice decides, and the charts follow it."""
    page = shown(visit, place)
    page.emulate_media(color_scheme=theme)
    light = page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(246, 247, 248)"
    assert light == (theme == "light")
    page.wait_for_function(
        "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))"
    )
    picture(page, f"{place}-{theme}")


def test_narrow_screens(visit, context, place):
    """On 360 pixels nothing sticks out; what is wider scrolls by itself."""
    page = shown(visit, place)
    page.set_viewport_size({"width": 360, "height": 740})
    page.wait_for_function("() => document.documentElement.scrollWidth <= innerWidth")
    picture(page, f"{place}-narrow")


def test_heatmap_has_both_bands(visit):
    """The model answers in 30 or in 120 ms: both are drawn, dark, and nothing between them is as dark."""
    page = shown(visit, "model")
    colours = page.locator(".heat canvas").evaluate(
        """canvas => {
          const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          const seen = new Set();
          for (let at = 0; at < data.length; at += 4) seen.add(`${data[at]},${data[at + 1]},${data[at + 2]},${data[at + 3]}`);
          return seen.size;
        }"""
    )
    assert colours > 5


def test_keyboard_walks_through_charts(visit):
    """Arrow keys tell of a field, and of a time; what they say is text."""
    page = shown(visit, "model")
    heat = page.locator(".heat")
    said = page.locator(".said-of")
    heat.focus()
    heat.press("ArrowLeft")
    expect(said).to_contain_text("Until ")
    before = said.inner_text()
    heat.press("ArrowUp")
    expect(said).not_to_have_text(before)
    chart = page.get_by_role("region", name="How long answers take")
    chart.locator(".plot").focus()
    chart.locator(".plot").press("ArrowLeft")
    expect(chart.locator(".when")).to_have_text(re.compile(r"^\d\d:\d\d:\d\d$"))


def test_table_is_behind_every_chart(visit):
    """And holds a row for each time."""
    page = shown(visit, "model")
    charts = page.locator(".chart:visible").filter(has=page.locator(".plot:visible"))
    assert charts.count() >= 6
    for chart in charts.all():
        chart.get_by_text("Table", exact=True).click()
        expect(chart.locator("tbody tr").first).to_be_visible()


def test_everything_is_reached_by_tab(visit):
    """The first is the way past the header, and what has the focus is seen to have it."""
    page = shown(visit, "model")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    assert page.url.endswith("#/model/recommender")
    page.keyboard.press("Tab")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


@pytest.mark.parametrize("dialog", [False, True])
def test_axe_finds_nothing_serious(visit, theme, place, dialog):
    """Neither on the pages nor in the dialog that asks for the token, in both themes."""
    page = shown(visit, place)
    page.emulate_media(color_scheme=theme)
    for fold in page.locator("details:not(.numbers) > summary:visible").all()[:3]:
        fold.click()
    if dialog:
        page.locator("#top").get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("dialog")).to_be_visible()
    page.evaluate(AXE.read_text())
    found = [one for one in page.evaluate(RUN) if one["impact"] in ("serious", "critical")]
    assert not found, json.dumps([said(one) for one in found], indent=1)


def said(violation):
    """What a reader needs to mend it."""
    nodes = violation["nodes"][:4]
    return {"rule": violation["id"], **{node["html"][:200]: node["failureSummary"] for node in nodes}}
