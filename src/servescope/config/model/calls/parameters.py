"""The parameters of a call of the management API: in, a query or a JSON object; out, numbers, texts and flags, and warnings.

Read by `register`, `scaling` and `page`, and by `web.management`. An empty value and null mean "not given". The numbers that the
default stands in for are those of TorchServe (util/NettyUtils.getIntParameter, wlm/ModelManager.createModel), what is none aside.
"""

import re
from collections.abc import Callable, Collection, Mapping
from enum import Enum, auto
from typing import Final, NamedTuple

from servescope.errors import BadRequest

Warn = Callable[[str], None]

_LONGEST: Final = 80
_MOST_UNKNOWN: Final = 20

_WHOLE = re.compile(r"[+-]?[0-9]+", re.ASCII)


class Unfit(Enum):
    """What becomes of a number outside its bounds: it is refused, or the default stands in for one that is too small, for any, or
    for any text too.
    """

    REFUSED = auto()
    SMALL_IS_DEFAULT = auto()
    OUTSIDE_IS_DEFAULT = auto()
    ALL_IS_DEFAULT = auto()


class Bounds(NamedTuple):
    """The least and the most that a number may be; `key`: what the most is set by; `unfit`: what becomes of others."""

    least: int
    most: int
    key: str = ""
    unfit: Unfit = Unfit.REFUSED


class Parameters:
    """What was given to a call that knows the names `known`. `warn` takes texts for the log and the answer.

    `unknown`: the other names, as far as they can be listed.
    """

    def __init__(self, given: Mapping[str, object], known: Collection[str], warn: Warn) -> None:
        self._given = {name: value for name, value in given.items() if value not in (None, "")}
        self._warn = warn
        self.unknown = _few([name for name in given if name not in known])
        for name in self.unknown:
            warn(f"unknown parameter {name} is ignored")

    def number(self, name: str, bounds: Bounds) -> int | None:
        """A whole number, None where it was not given or the default stands in for it.

        Raises:
            BadRequest: it is no whole number, or outside its bounds; the text names parameter and value.
        """
        value = self._given.get(name)
        if value is None:
            return None
        number = _whole(value)
        shown = f"{str(value)!r:.{_LONGEST}}" if number is not None else f"{value!r:.{_LONGEST}}"
        if number is not None and bounds.least <= number <= bounds.most:
            return number
        why = _fault(number, bounds)
        if _stands_in(number, bounds):
            self._warn(f"{name}={shown} {why}: the default is used")
            return None
        raise BadRequest(f"Parameter {name} {why}: {shown}")

    def text(self, name: str) -> str | None:
        """A text, None where it was not given. Raises BadRequest for another type."""
        value = self._given.get(name)
        if value is None or isinstance(value, str):
            return value
        raise BadRequest(f"Parameter {name} is not a text: {value!r:.{_LONGEST}}")

    def flag(self, name: str, *, default: bool) -> bool:
        """True or false; a text is true if it says so, and else false, as in TorchServe. Raises BadRequest for another type."""
        value = self._given.get(name, default)
        if isinstance(value, str):
            return value.lower() == "true"
        if isinstance(value, bool):
            return value
        raise BadRequest(f"Parameter {name} is neither true nor false: {value!r:.{_LONGEST}}")


def _whole(value: object) -> int | None:
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        # int() refuses thousands of digits, and twenty are too many already.
        digits = value.lstrip("+-0")
        number = int(digits or "0") if len(digits) < 20 else 10**20
        return -number if value.startswith("-") else number
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if type(value) is int else None


def _fault(number: int | None, bounds: Bounds) -> str:
    if number is None:
        return "is not a whole number"
    if number < bounds.least:
        return f"must be at least {bounds.least}"
    return f"must be at most {bounds.most}" + (f" ({bounds.key})" if bounds.key else "")


def _stands_in(number: int | None, bounds: Bounds) -> bool:
    """Whether the default stands in for a number that is outside its bounds, or for what is none."""
    if number is None:
        return bounds.unfit is Unfit.ALL_IS_DEFAULT
    if number < bounds.least:
        return bounds.unfit is not Unfit.REFUSED
    return bounds.unfit in (Unfit.OUTSIDE_IS_DEFAULT, Unfit.ALL_IS_DEFAULT)


def _few(names: list[str]) -> tuple[str, ...]:
    """Names for log and answer: of thousands the first few, each cut where it is long."""
    shown = [name[:_LONGEST] for name in names[:_MOST_UNKNOWN]]
    more = len(names) - _MOST_UNKNOWN
    return tuple(shown) if more <= 0 else (*shown, f"({more} more)")
