"""Which exposition a client gets: by its Accept header, text format 0.0.4 unless it prefers another one.

In: an Accept header. Out: a `Format`. Called by `web.metrics.api`; `web.metrics.compression` reads its own header with it too.
The rules are RFC 9110's (section 12.5.1), except that whoever accepts nothing that there is gets text.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from msgspec import Struct

from servescope.metrics.exposition import openmetrics, protobuf, text
from servescope.metrics.registry import Registry

# Characters of a header that are read: real ones take some 300.
_MOST_CHARACTERS = 4096
_QUALITY = re.compile(r"(?:0(?:\.\d*)?|1(?:\.0*)?)\Z")


class Render(Protocol):
    """Renders a registry: see `text.render`."""

    def __call__(self, registry: Registry, names: Sequence[str] = ()) -> Iterator[bytes]:
        """The exposition in slices, some of which may be empty."""


class Preference(Struct, frozen=True):
    """One range of an Accept or Accept-Encoding header. `value` in lower case, `parameters` without quotes and `q`."""

    value: str
    parameters: dict[str, str]
    quality: float


class Format(Struct, frozen=True):
    """An exposition format. `accepts` says whether it satisfies a range of its media type with these parameters."""

    content_type: str
    render: Render
    media_type: str
    accepts: Callable[[dict[str, str]], bool]


TEXT = Format(text.CONTENT_TYPE, text.render, "text/plain", lambda given: given.get("version", "0.0.4") == "0.0.4")
OPENMETRICS = Format(
    openmetrics.CONTENT_TYPE,
    openmetrics.render,
    "application/openmetrics-text",
    lambda given: given.get("version", "1.0.0") == "1.0.0",
)
PROTOBUF = Format(
    protobuf.CONTENT_TYPE,
    protobuf.render,
    "application/vnd.google.protobuf",
    lambda given: (given.get("proto"), given.get("encoding")) == ("io.prometheus.client.MetricFamily", "delimited"),
)
_FORMATS = (TEXT, OPENMETRICS, PROTOBUF)


def choose(accept: str) -> Format:
    """The format that the client likes best; "" for no header. Of several, the one that it names, then the one that it
    names first, then text. Never raises.
    """
    ranges = preferences(accept)
    best, best_rank = TEXT, (0.0, 0, 0)
    for candidate in _FORMATS:
        rank = _rank(candidate, ranges)
        if rank[0] > 0.0 and rank > best_rank:
            best, best_rank = candidate, rank
    return best


def preferences(header: str) -> list[Preference]:
    """The ranges of an Accept or Accept-Encoding header, in its order; what has no valid `q` is left out."""
    found = []
    for part in header[:_MOST_CHARACTERS].split(","):
        value, *rest = part.split(";")
        parameters = {}
        for each in rest:
            name, _, given = each.partition("=")
            parameters[name.strip().lower()] = given.strip().strip('"')
        quality = parameters.pop("q", "1")
        if value.strip() and _QUALITY.match(quality):
            found.append(Preference(value.strip().lower(), parameters, float(quality)))
    return found


def _rank(candidate: Format, ranges: Sequence[Preference]) -> tuple[float, int, int]:
    """Quality, specificity and nearness to the header's beginning of the most specific range that takes this format."""
    family = candidate.media_type.partition("/")[0] + "/*"
    best = (0, 0, 0.0)
    for position, each in enumerate(ranges):
        specificity = {"*/*": 1, family: 2, candidate.media_type: 3}.get(each.value, 0)
        if specificity == 3 and not candidate.accepts(each.parameters):
            continue
        if specificity:
            best = max(best, (specificity, -position, each.quality))
    return best[2], best[0], best[1]
