"""The stream: one for all tabs, none for a page that nobody sees, and again after the server was away."""

import re
import socket
from contextlib import ExitStack

import pytest

from browser.models import FINE
from browser.needed import needed
from browser.proxy import PREFIX, proxied
from integration.server import Server, pack, wait_until

expect = needed("playwright.sync_api").expect

SEE = """state => {
  Object.defineProperty(document, "visibilityState", {value: state, configurable: true});
  document.dispatchEvent(new Event("visibilitychange"));
}"""
LIVE = ".live[data-state=live]"


def streams(server):
    return server.http.get(server.url("metrics", "/console/api/overview")).json()["streams"]["open"]


@pytest.fixture
def own(tmp_path):
    """A server of the test's own, without tokens."""
    (tmp_path / "store").mkdir()
    pack(tmp_path / "store" / "own.mar", "own", FINE)
    server = Server(tmp_path, {"load_models": "own.mar", "default_workers_per_model": "1"})
    yield server
    server.end()


def test_seven_tabs_share_one_stream(context, own):
    """A browser opens six connections to a host: the seventh tab has its numbers all the same, and so has its model's page."""
    pages = [context.new_page() for _ in range(7)]
    for page in pages:
        page.goto(own.url("metrics", "/console#/model/own"))
    for page in pages:
        expect(page.locator(LIVE)).to_be_visible()
        expect(page.locator(".facts")).to_be_visible()
    assert streams(own) == 1


def test_hidden_page_closes_its_stream_and_catches_up(context, own):
    """The last page that is hidden takes the stream along; shown again, it has new numbers."""
    page = context.new_page()
    page.goto(own.url("metrics", "/console"))
    expect(page.locator(LIVE)).to_be_visible()
    wait_until(lambda: streams(own) == 1, "the stream")
    page.evaluate(SEE, "hidden")
    wait_until(lambda: streams(own) == 0, "the stream's end")
    before = page.locator(".live").inner_text()
    page.evaluate(SEE, "visible")
    expect(page.locator(".live")).not_to_have_text(before)
    expect(page.locator(LIVE)).to_be_visible()
    assert streams(own) == 1


def test_closed_tab_leaves_no_stream(context, own):
    """When the last tab is closed the server is left alone."""
    page = context.new_page()
    page.goto(own.url("metrics", "/console"))
    wait_until(lambda: streams(own) == 1, "the stream")
    page.close()
    wait_until(lambda: streams(own) == 0, "the stream's end")


def test_page_says_that_the_server_is_away_and_goes_on_when_it_is_back(context, own):
    """The numbers stay, marked as old, and are live again without anybody's doing."""
    page = context.new_page()
    page.goto(own.url("metrics", "/console"))
    expect(page.locator(LIVE)).to_be_visible()
    first = own.http.get(own.url("metrics", "/console/api/overview")).json()["server"]["pid"]
    own.process.terminate()
    own.process.wait(30)
    expect(page.locator(".live")).to_contain_text("no answer, last at")
    expect(page.get_by_role("button", name="Try now")).to_be_visible()
    expect(page.locator(".card")).to_be_visible()
    own.start_again()
    expect(page.locator(LIVE)).to_be_visible()
    assert own.http.get(own.url("metrics", "/console/api/overview")).json()["server"]["pid"] != first
    expect(page.get_by_role("button", name="Try now")).to_be_hidden()


def test_page_beyond_the_last_stream_is_told_so_and_has_its_numbers(context, own):
    """A hundred others have all streams: this one asks by itself, says why, and gets a stream when one is free."""
    with ExitStack() as stack:
        others = [
            stack.enter_context(socket.create_connection(("127.0.0.1", own.ports["metrics"]))) for _ in range(100)
        ]
        for one in others:
            one.sendall(b"GET /console/api/events HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n")
        wait_until(lambda: streams(own) == 100, "the others")
        page = context.new_page()
        page.goto(own.url("metrics", "/console"))
        expect(page.locator(".live")).to_contain_text("every half minute")
        expect(page.locator(".live")).to_have_attribute("title", re.compile("100 pages have the server's streams"))
        expect(page.locator(".card")).to_be_visible()
    wait_until(lambda: streams(own) == 0, "the others' end")
    page.evaluate(SEE, "hidden")
    page.evaluate(SEE, "visible")
    expect(page.locator(LIVE)).to_be_visible()


def test_it_works_behind_a_path_prefix(context, own):
    """All its URLs are relative: pages, numbers, the stream and the runbook are below the proxy's path."""
    asked = []
    with proxied(own.ports["metrics"]) as port:
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"http://127.0.0.1:{port}{PREFIX}/console#/model/own")
        expect(page.locator(LIVE)).to_be_visible()
        expect(page.locator(".facts")).to_be_visible()
        assert streams(own) == 1
        page.close()
        wait_until(lambda: streams(own) == 0, "the stream's end")
    ours = [url for url in asked if not url.startswith("data:")]
    assert ours
    assert all(url.startswith(f"http://127.0.0.1:{port}{PREFIX}/console") for url in ours)


def test_browser_without_event_source_is_told_so(context, watched):
    """In a sentence, with where the numbers are otherwise."""
    context.add_init_script("delete window.EventSource")
    page = context.new_page()
    page.goto(watched.url)
    expect(page.get_by_role("heading", level=1)).to_have_text("This browser cannot show the console")
    expect(page.locator("main")).to_contain_text("servescope top")


def test_browser_without_shared_workers_has_a_stream_of_its_own(context, own):
    """Chromium on a phone: each page by itself."""
    context.add_init_script("delete window.SharedWorker")
    for _ in range(2):
        page = context.new_page()
        page.goto(own.url("metrics", "/console"))
        expect(page.locator(LIVE)).to_be_visible()
    assert streams(own) == 2
