"""One thing that can be wrong: in, thresholds; out, when it is, how bad, and the words for it. Made in `rules`.

`operate` writes an alert of it, the console says it of its own server. One name, one wording, one section of the runbook.
"""

import re
from collections.abc import Callable
from typing import Final, Literal

from msgspec import Struct

from servescope.findings.condition import Condition

Severity = Literal["page", "ticket"]
# See `covering`.
Role = Literal["cause", "symptom", ""]

MODEL: Final = "{model}"
SERVER: Final = "{server}"
PERCENT: Final = "{value as percent}"
NUMBER: Final = "{value as number}"
DURATION: Final = "{value as duration}"
# A word in braces: whose it is, its value, or one of its labels.
TOKEN: Final = re.compile(r"\{([a-z_ ]+)\}")


class Rule(Struct, frozen=True, kw_only=True):
    """`measured`: the quantity that it is about, whose value the words tell. `lasts`: how long it has to be so.

    `condition` is for both; where Prometheus can look further than the server, `operate` writes its own, and `condition` is the
    server's part of it, None where one server can say nothing. `early`: the share of its threshold from which on the server says
    that it comes. `labels` are further ones of the alert. `summary` and `description`: with words of `TOKEN`.
    """

    name: str
    severity: Severity
    measured: str
    condition: Condition | None
    summary: str
    description: str
    lasts: str = "0s"
    role: Role = ""
    labels: tuple[tuple[str, str], ...] = ()
    early: float = 1.0

    @property
    def anchor(self) -> str:
        """Its section in the runbook, as the part of a link after #."""
        return self.name.lower()


def label(name: str) -> str:
    """The word for one of the subject's labels."""
    return f"{{label {name}}}"


def percent(share: float) -> str:
    """A threshold as a percentage: 0.01 is 1 %."""
    return f"{share * 100:g} %"


def said(text: str, word: Callable[[str], str]) -> str:
    """A text with what `word` gives in the places of its tokens, each without its braces."""
    return TOKEN.sub(lambda found: word(found[1]), text)
