"""The runbook: in, `page.html` beside this file, which `render` makes of docs/runbook.md; out, the page.

Read by `web.metrics`, which shows it, and by `steps`.
"""

from functools import cache
from pathlib import Path


@cache
def page() -> bytes:
    """The whole page, in UTF-8."""
    return Path(__file__).with_name("page.html").read_bytes()
