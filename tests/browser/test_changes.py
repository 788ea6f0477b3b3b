"""Changes: refused without a token, told before they are done, and done as the management API does them."""

import pytest

from browser.needed import needed
from browser.signing import offer, sign_in
from integration.server import wait_until

expect = needed("playwright.sync_api").expect

POST = """async ([path, body]) => {
  const answer = await fetch(`console/api/models/${path}`, {method: "POST", headers: {"Content-Type": "application/json"}, body});
  return [answer.status, (await answer.json()).message];
}"""


def described(watched, path):
    headers = {"authorization": f"Bearer {watched.keys['management']}"}
    return watched.server.http.get(watched.server.url("management", f"/models/{path}"), headers=headers).json()[0]


@pytest.mark.parametrize("change", ["scale", "set-default", "unregister"])
def test_nothing_changes_without_a_token(visit, watched, change):
    """Whatever the page's own scripts send."""
    page = visit("#/model/digits")
    before = described(watched, "digits/2.0")
    status, message = page.evaluate(POST, [f"digits/{change}", '{"min_worker": 3, "version": "2.0"}'])
    assert status in (400, 401, 403)
    assert message
    assert described(watched, "digits/2.0")["minWorkers"] == before["minWorkers"]


def test_scaling_asks_for_the_token_tells_what_it_will_do_and_does_it(visit, watched):
    """A wrong token is told, and the dialog stays; with the right one the model is scaled, and the token is nowhere kept."""
    page = visit("#/model/digits/2.0")
    page.get_by_role("button", name="Scale …").click()
    offer(page, "not-the-token")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("alert")).to_have_text("The server does not know this token.")
    offer(page, watched.keys["management"])
    scale = page.get_by_role("dialog", name="Scale digits 2.0")
    expect(scale).to_contain_text("digits 2.0 has 1 worker now.")
    scale.get_by_label("Workers, at least").fill("2")
    expect(scale).to_contain_text("1 more worker will be started")
    scale.get_by_role("button", name="Scale").click()
    expect(scale.get_by_role("alert")).to_contain_text("worker")
    scale.get_by_role("button", name="Close").click()
    wait_until(lambda: len(described(watched, "digits/2.0")["workers"]) == 2, "the second worker")
    expect(page.get_by_role("region", name="Workers", exact=True).locator("tbody tr")).to_have_count(2)
    kept = page.evaluate("[location.href, document.cookie, JSON.stringify({...localStorage, ...sessionStorage})]")
    assert watched.keys["management"] not in "".join(kept)
    assert kept[1] == ""
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in").first).to_be_visible()
    status, _ = page.evaluate(POST, ["digits/scale", '{"min_worker": 1, "version": "2.0"}'])
    assert status in (400, 401, 403)


def test_default_and_unregistering(visit, watched):
    """Both say first what becomes of the requests; a model that is gone is gone from the overview."""
    manage = {"authorization": f"Bearer {watched.keys['management']}"}
    url = watched.server.url("management", "/models")
    query = {"url": "digits2.mar", "model_name": "passing", "initial_workers": "1", "synchronous": "true"}
    assert watched.server.http.post(url, params=query, headers=manage).status_code == 200
    query["url"] = "digits.mar"
    assert watched.server.http.post(url, params=query, headers=manage).status_code == 200
    page = visit("#/model/passing/1.0")
    expect(page.get_by_role("navigation", name="Versions")).to_contain_text("2.0 (default)")
    sign_in(page, watched)
    page.get_by_role("button", name="Make default …").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("will go to 1.0 instead of 2.0")
    dialog.get_by_role("button", name="Make default").click()
    dialog.get_by_role("button", name="Close").click()
    expect(page.get_by_role("navigation", name="Versions")).to_contain_text("1.0 (default)")
    page.get_by_role("link", name="2.0").click()
    page.get_by_role("button", name="Unregister …").click()
    expect(dialog).to_contain_text("Later requests for it get 404.")
    dialog.get_by_role("button", name="Unregister").click()
    dialog.get_by_role("button", name="Close").click()
    expect(page.get_by_role("heading", name="Models")).to_be_visible()
    expect(page.locator(".card").filter(has_text="passing")).to_have_count(1)
    assert watched.server.http.delete(f"{url}/passing", headers=manage).status_code == 200


def test_what_was_withheld_is_shown_as_soon_as_somebody_has_signed_in(visit, context, watched):
    """Without a new event, which here never comes; and so is another range as soon as it is chosen."""
    page = visit("#/model/recommender")
    expect(page.locator(".failures li").first).to_be_visible()
    expect(page.locator(".withheld:visible").first).to_be_visible()
    context.route("**/console/api/events", lambda route: route.abort())
    context.route("**/console/api/overview", lambda route: route.abort())
    page.reload()
    expect(page.locator(".failures li").first).to_be_visible()
    sign_in(page, watched)
    expect(page.locator(".withheld:visible")).to_have_count(0)
    expect(page.locator(".failures .what").first).to_contain_text("KeyError")
    page.get_by_role("button", name="Day").click()
    expect(page.get_by_role("region", name="Durations", exact=True).locator(".said-of")).to_contain_text("of 1 min")
