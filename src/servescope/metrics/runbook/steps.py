"""What to do first, by a section of the runbook: in, the page; out, plain texts.

Read by `operate`, whose alerts bring the steps along, for when no server can be asked.
"""

import html
import re
from typing import Final

from servescope.metrics.runbook.page import page

_SECTION: Final = '<h2 id="{anchor}">.*?(?=<h2 |</body>)'
_STEPS: Final = re.compile("<ol>(.*?)</ol>", re.DOTALL)
_STEP: Final = re.compile("<li>(.*?)</li>", re.DOTALL)
_TAG: Final = re.compile("<[^>]*>")


def first_steps(anchor: str) -> tuple[str, ...]:
    """What to do first, by a section's anchor, as plain texts. Raises LookupError where there is no such section or no steps."""
    section = re.search(_SECTION.format(anchor=re.escape(anchor)), page().decode(), re.DOTALL)
    steps = section and _STEPS.search(section[0])
    if not steps:
        raise LookupError(f"the runbook has no steps at #{anchor}")
    return tuple(html.unescape(_TAG.sub("", step)).strip() for step in _STEP.findall(steps[1]))
