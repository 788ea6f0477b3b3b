"""The runbook: in, `page.html` beside this file, which `render` makes of docs/runbook.md; out, the page, and steps of a section.

Read by `web.metrics`, which shows it, and by `operate`, whose alerts bring the steps along, for when no server can be asked.
"""

import html
import re
from functools import cache
from importlib.resources import files
from typing import Final

_SECTION: Final = '<h2 id="{anchor}">.*?(?=<h2 |</body>)'
_STEPS: Final = re.compile("<ol>(.*?)</ol>", re.DOTALL)
_STEP: Final = re.compile("<li>(.*?)</li>", re.DOTALL)
_TAG: Final = re.compile("<[^>]*>")


@cache
def page() -> bytes:
    """The whole page, in UTF-8."""
    return files(__package__).joinpath("page.html").read_bytes()


def first_steps(anchor: str) -> tuple[str, ...]:
    """What to do first, by a section's anchor, as plain texts. Raises LookupError where there is no such section or no steps."""
    section = re.search(_SECTION.format(anchor=re.escape(anchor)), page().decode(), re.DOTALL)
    steps = section and _STEPS.search(section[0])
    if not steps:
        raise LookupError(f"the runbook has no steps at #{anchor}")
    return tuple(html.unescape(_TAG.sub("", step)).strip() for step in _STEP.findall(steps[1]))
