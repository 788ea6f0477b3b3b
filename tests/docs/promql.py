"""What of a PromQL expression names families and labels: in, its text; out, names, label matchers and groupings.

Used by `test_measuring`. It knows the parts of the language that the documentation uses, and reads no others.
"""

import re
from dataclasses import dataclass

AGGREGATIONS = {"sum", "max", "min", "avg", "count", "topk"}
WORDS = {"by", "without", "on", "ignoring", "group_left", "group_right", "and", "or", "unless", "bool", "offset"}
PARTS = ("_bucket", "_sum", "_count")

_SELECTOR = re.compile(r"(?P<name>[a-zA-Z_:][\w:]*)\s*(?:\{(?P<matchers>[^}]*)\})?")
_MATCHER = re.compile(r'\s*(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"\s*(?:,|$)')
_GROUPING = re.compile(r"\b(?:by|without|on|ignoring|group_left)\s*\(([^)]*)\)")
_AGGREGATED = re.compile(r"\bby\s*\(([^)]*)\)\s*\(")


@dataclass(frozen=True)
class Selector:
    """One series selector: a sample's name and its matchers, as (label, operator, value)."""

    name: str
    matchers: tuple[tuple[str, str, str], ...]


def selectors(expression: str) -> list[Selector]:
    """The selectors, in their order. Fails on a matcher that it cannot read."""
    found = []
    for match in _SELECTOR.finditer(_GROUPING.sub(" ", expression)):
        before, after = match.string[: match.start()], match.string[match.end() :]
        if match["name"] in WORDS | AGGREGATIONS or after.lstrip().startswith("(") or re.search(r"[\w\[.]$", before):
            continue  # a word, a function, or the unit of a number
        matchers = match["matchers"] or ""
        read = tuple(each.groups() for each in _MATCHER.finditer(matchers))
        assert _MATCHER.sub("", matchers).strip() == "", matchers
        found.append(Selector(match["name"], read))
    return found


def aggregations(expression: str) -> list[tuple[list[str], str]]:
    """For each `by (labels) (argument)`: its labels and its argument."""
    found = []
    for match in _AGGREGATED.finditer(expression):
        depth, end = 1, match.end()
        while depth:
            depth += {"(": 1, ")": -1}.get(expression[end], 0)
            end += 1
        found.append(([label.strip() for label in match[1].split(",")], expression[match.end() : end - 1]))
    return found


def groupings(expression: str) -> list[str]:
    """Every label in a `by (…)`, `on (…)` or their like, wherever it stands."""
    return [label.strip() for match in _GROUPING.finditer(expression) for label in match[1].split(",") if label.strip()]
