"""What need not be said, as something worse is so of the same model: in, two rules; out, whether one covers the other.

The console goes by it; Alertmanager's configuration, which `operate` writes, inhibits the same.
"""

from servescope.findings.rule import Rule
from servescope.findings.rules.requests import ERRORS, MANY_ERRORS


def covers(one: Rule, other: Rule) -> bool:
    """Whether nothing need be said of `other` where `one` is so.

    A cause covers symptoms, but a ticket no page; of symptoms a page covers the ticket of its name, and many errors cover errors.
    """
    if one.role == "cause":
        return other.role == "symptom" and (one.severity == "page" or other.severity == "ticket")
    lesser = one.severity == "page" and other.severity == "ticket" and one.role == other.role == "symptom"
    return lesser and (one.name == other.name or (one.name, other.name) == (MANY_ERRORS, ERRORS))
