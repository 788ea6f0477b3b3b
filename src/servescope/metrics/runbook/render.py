"""docs/runbook.md → page.html: in, Markdown; out, one page of HTML whose headings can be linked to.

    python -m servescope.metrics.runbook.render docs/runbook.md

Run by `make generated`, and by the test that fails when the page is stale; never by a server, which needs no Markdown.
"""

import re
import sys
from itertools import pairwise
from pathlib import Path
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

PAGE: Final = Path(__file__).with_name("page.html")
_HEAD: Final = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Servescope: runbook</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 52rem; margin: 2rem auto; padding: 0 1rem; }
h2 { margin-top: 3rem; } h2:target { background: #ffec99; }
pre { overflow-x: auto; padding: .75rem; background: #f1f3f5; } code { font-size: .9em; }
</style>
</head>
<body>
"""
_TAIL: Final = "</body>\n</html>\n"


def rendered(markdown: str) -> str:
    """The page."""
    parser = MarkdownIt("commonmark")
    tokens = parser.parse(markdown)
    for opening, text in pairwise(tokens):
        if opening.type == "heading_open":
            opening.attrSet("id", anchor_of(text.content))
    for token in tokens:
        _unlink(token.children or [])
    return f"{_HEAD}{parser.renderer.render(tokens, parser.options, {})}{_TAIL}"


def anchor_of(heading: str) -> str:
    """As GitHub makes it: small letters, no punctuation, dashes for spaces."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _unlink(tokens: list[Token]) -> None:
    """Links to other pages of the documentation lead nowhere on a server: their words alone stay."""
    away = False
    for token in tokens:
        if token.type == "link_open":
            away = not str(token.attrGet("href")).startswith(("#", "http://", "https://"))
        if token.type in ("link_open", "link_close") and away:
            token.tag, token.attrs = "span", {}


if __name__ == "__main__":
    PAGE.write_text(rendered(Path(sys.argv[1]).read_text("utf-8")), "utf-8")
