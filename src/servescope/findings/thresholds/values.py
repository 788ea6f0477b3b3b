"""The kinds of values that `thresholds` has: in, a default and what it means; out, a dataclass field with its reader.

A reader takes what YAML made of a value, and raises ValueError with what is wrong with it.
"""

import math
import re
from collections.abc import Callable
from dataclasses import field
from typing import Any, Final

# Prometheus wants the units in this order, each once.
_UNITS_S: Final = {"y": 31_536_000, "w": 604_800, "d": 86_400, "h": 3600, "m": 60, "s": 1, "ms": 0.001}
_DURATION: Final = re.compile("(?=.)" + "".join(rf"(?:(?P<{unit}>\d{{1,12}}){unit})?" for unit in _UNITS_S))
_LINK: Final = re.compile(r"[^\s#\"'<>{}\\]+")
_JOB: Final = re.compile(r"[A-Za-z0-9_.:/-]+")


def _field(default: Any, text: str, read: Callable[[Any], Any]) -> Any:
    return field(default=default, metadata={"help": text, "read": read})


def ratio(default: float, text: str) -> Any:
    """A share above 0 and below 1."""

    def read(value: Any) -> float:
        number = _number(value)
        if not 0 < number < 1:
            raise ValueError("is no ratio above 0 and below 1" + (": give 0.9 for 90 %" if 1 < number <= 100 else ""))
        return number

    return _field(default, text, read)


def factor(default: float, text: str) -> Any:
    """A number above 0."""
    return _field(float(default), text, _positive)


def seconds(default: float, text: str) -> Any:
    """Seconds above 0."""
    return _field(float(default), text, _positive)


def count(default: int, text: str) -> Any:
    """A whole number of at least 1."""

    def read(value: Any) -> int:
        if type(value) is not int or not 1 <= value <= 10**12:
            raise ValueError("is no whole number of at least 1")
        return value

    return _field(default, text, read)


def duration(default: str, text: str) -> Any:
    """A duration as Prometheus writes it; 0s for at once."""

    def read(value: Any) -> str:
        parts = _DURATION.fullmatch(value) if isinstance(value, str) else None
        if parts is None:
            raise ValueError("is no duration such as 30s, 5m or 1h30m")
        if duration_s(value) > _UNITS_S["y"]:
            raise ValueError("is longer than a year")
        return str(value)

    return _field(default, text, read)


def duration_s(text: str) -> float:
    """Seconds of a duration that `duration` has read."""
    parts = _DURATION.fullmatch(text)
    assert parts is not None
    return sum(int(number) * _UNITS_S[unit] for unit, number in parts.groupdict(default="0").items())


def link(default: str, text: str) -> Any:
    """A URL of http or https to which `#section` can be added; `{instance}` in it stands for a server's address."""

    def read(value: Any) -> str:
        if not isinstance(value, str) or not _LINK.fullmatch(value.replace("{instance}", "")):
            raise ValueError("is no URL to which #section could be added")
        if not value.startswith(("http://", "https://")):
            raise ValueError(
                "is no http:// or https:// URL; without the line each alert links to its server's own page"
            )
        return value

    return _field(default, text, read)


def server_url(default: str, text: str) -> Any:
    """A URL of http or https without a query, or nothing."""

    def read(value: Any) -> str:
        given = isinstance(value, str) and (not value or (_LINK.fullmatch(value) and "?" not in value))
        if not given or (value and not value.startswith(("http://", "https://"))):
            raise ValueError("is no http:// or https:// URL")
        return str(value)

    return _field(default, text, read)


def job(default: str, text: str) -> Any:
    """A name for a job: letters, digits and _.:/- only."""

    def read(value: Any) -> str:
        if not isinstance(value, str) or not _JOB.fullmatch(value):
            raise ValueError("is no name of letters, digits and _.:/-")
        return value

    return _field(default, text, read)


def _positive(value: Any) -> float:
    number = _number(value)
    if number <= 0:
        raise ValueError("is no number above 0")
    return number


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("is no number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ValueError("is no finite number")
    return number
