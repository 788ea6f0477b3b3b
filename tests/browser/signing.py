"""Signing in, as a person does it."""

from typing import TYPE_CHECKING

from browser.conftest import Watched
from browser.needed import needed

if TYPE_CHECKING:
    from playwright.sync_api import Page

expect = needed("playwright.sync_api").expect


def offer(page: "Page", token: str) -> None:
    """Type a token into the dialog that asks for it."""
    dialog = page.get_by_role("dialog", name="Enter the management token")
    dialog.get_by_label("Management token").fill(token)
    dialog.get_by_role("button", name="Sign in").click()


def sign_in(page: "Page", watched: Watched) -> None:
    """By the button at the top."""
    page.locator("#top").get_by_role("button", name="Sign in").click()
    offer(page, watched.keys["management"])
    expect(page.locator("#top").get_by_role("button", name="Sign out")).to_be_visible()
