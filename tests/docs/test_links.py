"""Links in the documentation: each that stays in the repository leads to a file, and each anchor to a heading of it."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    path
    for pattern in ("*.md", "docs/*.md", "examples/**/*.md", "benchmarks/**/*.md", "deploy/**/*.md")
    for path in ROOT.glob(pattern)
)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ +(.*)$", re.MULTILINE)


def anchors(page):
    """The names that GitHub gives to the headings of a page."""
    headings = (re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading) for heading in _HEADING.findall(page.read_text()))
    return {re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in headings}


def dead_links(page):
    """The links of a page that lead nowhere."""
    for link in _LINK.findall(page.read_text()):
        if re.match(r"[a-z]+:", link):
            continue
        file, _, anchor = link.partition("#")
        target = page.parent / file if file else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            yield link


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page):
    """A renamed page or heading takes its links along."""
    assert list(dead_links(page)) == []


def test_a_dead_link_is_found(tmp_path):
    """A page that is not there, a heading that is not there; not what is there."""
    page = tmp_path / "a.md"
    page.write_text(
        "# One `two`, three\n[x](b.md) [x](a.md#one-two-three) [x](#none) [x](https://example.org) [x](a.md)\n"
    )
    assert list(dead_links(page)) == ["b.md", "#none"]
