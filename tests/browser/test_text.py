"""Text stays text: names, versions and what handlers say are hostile, and are shown as they are."""

from urllib.parse import quote

import pytest

from browser.models import HOSTILE_NAME, HOSTILE_TEXT, HOSTILE_VERSION
from browser.needed import needed
from browser.signing import sign_in

expect = needed("playwright.sync_api").expect

PLACE = f"#/model/{quote(HOSTILE_NAME, safe='')}"


def untouched(page):
    """Nothing of the hostile texts has become markup, or run."""
    assert page.evaluate("document.body.dataset.hacked ?? null") is None
    assert page.locator("img").count() == 0
    assert page.locator("#hacked").count() == 0
    assert page.locator("main b").filter(has_text="bold").count() == 0


def test_overview_shows_names_as_they_are(visit):
    """On its card, and as the name of the card's table."""
    page = visit()
    expect(page.get_by_role("link", name=HOSTILE_NAME, exact=True)).to_be_visible()
    expect(page.locator(".card", has_text=HOSTILE_NAME)).to_contain_text(HOSTILE_VERSION)
    untouched(page)


def test_model_page_shows_all_of_it_as_text(visit, watched):
    """The heading, the title of a dialog, the message and the traceback of a failure."""
    page = visit(PLACE)
    expect(page.get_by_role("heading", level=1)).to_contain_text(HOSTILE_NAME)
    sign_in(page, watched)
    failure = page.locator(".failures li").first
    expect(failure.locator("pre")).to_contain_text(f"ValueError: {HOSTILE_TEXT}")
    failure.locator("summary").click()
    expect(failure.locator("pre")).to_be_visible()
    page.get_by_role("button", name="Unregister …").click()
    expect(page.get_by_role("dialog")).to_contain_text(f"{HOSTILE_NAME} {HOSTILE_VERSION} will be removed")
    untouched(page)
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("dialog")).to_have_count(0)


@pytest.mark.parametrize(
    "place", ["#/model/%3Cscript%3E1%3C%2Fscript%3E", "#/model/nobody/%22%3E%3Cimg%20src=x%3E", "#/x"]
)
def test_hash_is_never_markup(context, watched, place):
    """A link that somebody was sent: the name in it is shown, with the server's word that there is none."""
    page = context.new_page()
    page.goto(watched.url + place)
    expect(page.locator("main")).to_contain_text("not found" if "model" in place else "Models")
    untouched(page)
