"""A server under load, with tokens, and Debian's Chromium to look at it; one of each for all tests.

Playwright's own browsers are not fetched: `CHROMIUM` names another one than /usr/bin/chromium.
"""

import json
import os
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from browser.models import HOSTILE_NAME, pack_all
from integration.server import Server, wait_until

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

PATIENCE_MS = 20_000
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
QUIET = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run")
QUIET += ("--disable-background-networking", "--disable-component-update", "--disable-sync")
# Which model, and by how many clients it is asked at once.
LOAD = {"digits": 1, "recommender": 6, HOSTILE_NAME: 1}


class Watched:
    """The server, its tokens, and clients that ask its models until it ends."""

    def __init__(self, directory: Path) -> None:
        (directory / "store").mkdir()
        pack_all(directory / "store")
        settings = {
            "load_models": "digits.mar,digits2.mar,recommender.mar,hostile.mar",
            "disable_token_authorization": "false",
            "disable_system_metrics": "false",
            "metric_time_interval": "2",
            "default_workers_per_model": "1",
        }
        self.server = Server(directory, settings)
        self.keys = {api: key["key"] for api, key in self._key_file(directory).items() if isinstance(key, dict)}
        self.url = self.server.url("metrics", "/console")
        self._over = threading.Event()
        self._clients = [threading.Thread(target=self._ask, args=(name,)) for name, n in LOAD.items() for _ in range(n)]

    @staticmethod
    def _key_file(directory: Path) -> dict[str, object]:
        found: dict[str, object] = json.loads((directory / "key_file.json").read_text())
        return found

    def begin(self) -> None:
        """Let the clients ask, once all models are there."""
        wait_until(lambda: self.server.ping() == 200, "the models")
        for client in self._clients:
            client.start()

    def end(self) -> None:
        """No client asks any more, and the server is gone."""
        self._over.set()
        for client in self._clients:
            client.join()
        self.server.end()

    def ask(self, path: str, *, signed: bool = False) -> dict[str, object]:
        """A document of the console's API."""
        headers = {"authorization": f"Bearer {self.keys['management']}"} if signed else {}
        answer = self.server.http.get(self.server.url("metrics", f"/console/api/{path}"), headers=headers)
        assert answer.status_code == 200, answer.text
        found: dict[str, object] = answer.json()
        return found

    def _ask(self, name: str) -> None:
        headers = {"authorization": f"Bearer {self.keys['inference']}"}
        path = httpx.URL(self.server.url("inference", "")).copy_with(path=f"/predictions/{name}")
        with httpx.Client(headers=headers, timeout=30) as client:
            client.post(path, content=b"fail")  # which the hostile model does, and the others do not
            while not self._over.is_set():
                client.post(path, content=b"x")
                self._over.wait(0.1 if name == HOSTILE_NAME else 0.01)


@pytest.fixture(scope="session")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """The server under load."""
    watched = Watched(tmp_path_factory.mktemp("watched"))
    watched.begin()
    yield watched
    watched.end()


@pytest.fixture(scope="session")
def browser() -> "Iterator[Browser]":
    """Chromium without a window."""
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield browser
        browser.close()


@pytest.fixture
def context(browser: "Browser") -> "Iterator[BrowserContext]":
    """A visitor who was never here before: no cookies, no storage."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(PATIENCE_MS)
    yield context
    context.close()


@pytest.fixture
def visit(context: "BrowserContext", watched: Watched) -> "Iterator[Callable[[str], Page]]":
    """Open a page of the console; at the end nothing may have gone wrong in any of them."""
    wrong: list[str] = []
    # A browser logs whatever is refused; those that a test wants to be refused are no fault of the page.
    refused = re.compile(r"status of (400|401|403)")

    def opened(place: str = "#/") -> "Page":
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(f"{place}: {error}"))
        page.on("console", lambda said: wrong.append(f"{place}: {said.text}") if faulty(said) else None)
        page.goto(watched.url + place)
        return page

    def faulty(said: "ConsoleMessage") -> bool:
        return said.type == "error" and not refused.search(said.text)

    yield opened
    assert not wrong
