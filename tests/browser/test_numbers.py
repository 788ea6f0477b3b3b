"""What is shown is what /metrics says."""

import pytest

from browser.needed import needed

expect = needed("playwright.sync_api").expect

ASKED = 30


@pytest.fixture(scope="module")
def counted(watched):
    """A model that was asked so many times, once each, and never again."""
    manage = {"authorization": f"Bearer {watched.keys['management']}"}
    query = {"url": "digits.mar", "model_name": "counted", "initial_workers": "1", "synchronous": "true"}
    url = watched.server.url("management", "/models")
    assert watched.server.http.post(url, params=query, headers=manage).status_code == 200
    asking = {"authorization": f"Bearer {watched.keys['inference']}"}
    for _ in range(ASKED):
        answer = watched.server.http.post(watched.server.url("inference", "/predictions/counted"), headers=asking)
        assert answer.status_code == 200
    yield "counted"
    assert watched.server.http.delete(f"{url}/counted", headers=manage).status_code == 200


def test_counts_are_those_of_metrics(visit, watched, counted):
    """Requests in the heatmap, batches by size, the queue's room, and the workers of a model that is left alone."""
    page = visit(f"#/model/{counted}")
    labels = {"model_name": counted, "model_version": "1.0"}
    answered = watched.server.metrics("servescope_request_duration_seconds_count", outcome="ok", **labels)
    assert answered == ASKED
    expect(page.get_by_role("region", name="Durations", exact=True).locator(".said-of")).to_contain_text(
        f"{answered:g} requests in"
    )
    batches = watched.server.metrics("servescope_batch_size_count", **labels)
    expect(page.get_by_role("region", name="Batch sizes, the last minute").locator("tbody tr")).to_have_text(
        [f"1{batches:g}"]
    )
    capacity = watched.server.metrics("servescope_queue_capacity", **labels)
    depth = watched.server.metrics("servescope_queue_depth", **labels)
    expect(page.locator(".facts div", has_text="Queue")).to_contain_text(f"{depth:g} of {capacity:g}")
    ready = watched.server.metrics("servescope_workers", state="ready", **labels)
    expect(page.locator(".facts div", has_text="Workers")).to_contain_text(f"{ready:g} ready")


def test_table_behind_the_heatmap_has_the_same_numbers(visit, watched, counted):
    """Each field of the picture is a number of the table, and they add up to the count."""
    page = visit(f"#/model/{counted}")
    durations = page.get_by_role("region", name="Durations", exact=True)
    durations.get_by_text("Table", exact=True).click()
    cells = durations.locator("tbody td:not(:first-child)")
    expect(durations.locator("tbody tr").first).to_be_visible()
    counts = [int(text) for text in cells.all_inner_texts() if text.isdecimal()]
    assert sum(counts) == ASKED


def test_card_shows_the_same_as_the_api(visit, watched):
    """A model that nobody asks has no errors, no percentile, and its workers; of one that is asked the rate is there."""
    page = visit()
    quiet = page.locator(".card").filter(has=page.get_by_text("2.0, not the default"))
    expect(quiet).to_contain_text("0/s")
    (card,) = [one for one in watched.ask("overview")["models"] if one["name"] == "recommender"]
    busy = page.locator(".card", has_text="recommender")
    for objective in card["objectives"]:
        expect(busy.locator(".objectives")).to_contain_text(objective["slo"])
    expect(busy.locator(".figure").first.locator("b")).not_to_have_text("0/s")
    expect(busy.locator(".figure").nth(1).locator("b")).to_contain_text("%")
