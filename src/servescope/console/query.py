"""The parameters of what is read: in, a query; out, a word of a few, or a number within bounds. Called by `api`."""

from collections.abc import Mapping, Sequence
from typing import Final

from servescope.config.model.calls.parameters import Bounds, Parameters
from servescope.errors import BadRequest

MOST_POINTS: Final = 1440
_SHOWN: Final = 80


def choice(query: Mapping[str, str], name: str, words: Sequence[str]) -> str:
    """One of these words, the first where nothing is said. Raises BadRequest for another."""
    value = query.get(name) or words[0]
    if value not in words:
        raise BadRequest(f"Parameter {name} is none of {', '.join(words)}: {value[:_SHOWN]!r}")
    return value


def points(query: Mapping[str, str], default: int = MOST_POINTS) -> int:
    """How many points in time at most. Raises BadRequest for what is no number from 1 to MOST_POINTS."""
    asked = {"points": query.get("points", "")}
    number = Parameters(asked, asked, lambda _: None).number("points", Bounds(1, MOST_POINTS))
    return default if number is None else number
