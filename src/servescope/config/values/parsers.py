"""Typed readers of configuration texts: in, a `GivenValue`; out, an int, bool, Path or pattern.

Named by `settings`, called by `load`. Every refusal is a ConfigurationError that names the key, the
value and where the value was given.
"""

import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from servescope.config.address import Address, parse_address
from servescope.config.bounds import MAX_BUCKETS, MAX_LISTED
from servescope.config.shown_url import without_secrets
from servescope.errors import ConfigurationError

T = TypeVar("T")
Parser = Callable[["GivenValue"], T]

_WHOLE = re.compile(r"[+-]?[0-9]+", re.ASCII)
_MOST_DIGITS = 19  # of any bound; int() refuses thousands
_SHOWN = 1000
_DECIMAL = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?", re.ASCII)
_METRICS_MODES = ("prometheus", "log", "legacy", "off")


class GivenValue(Struct, frozen=True):
    """A value as somebody wrote it. `origin` is a file, an option or a variable; relative paths start at `cwd`."""

    key: str
    text: str
    origin: str
    cwd: Path

    def refuse(self, why: str) -> ConfigurationError:
        """The error to raise: `job_queue_size='abc' is not a whole number (from /etc/config.properties)`."""
        text = repr(self.text if len(self.text) <= _SHOWN else f"{self.text[:_SHOWN]}…")
        return ConfigurationError(f"{self.key}={text} {why} (from {self.origin})")


def whole(minimum: int, maximum: int) -> Parser[int]:
    """A reader of whole numbers between the bounds, both included."""

    def parse(given: GivenValue) -> int:
        text = given.text.strip()
        if _WHOLE.fullmatch(text) is None:
            raise given.refuse("is not a whole number")
        below = text.startswith("-")
        if len(text.lstrip("+-0")) <= _MOST_DIGITS:
            if minimum <= (number := int(text)) <= maximum:
                return number
            below = number < minimum
        raise given.refuse(f"is below {minimum}" if below else f"is above {maximum}")

    return parse


def positive_number(maximum: float) -> Parser[float]:
    """A reader of numbers above 0 up to `maximum`, with or without a fraction."""

    def parse(given: GivenValue) -> float:
        try:
            number = float(given.text)
        except ValueError as error:
            raise given.refuse("is not a number") from error
        if math.isnan(number) or number <= 0:
            raise given.refuse("is not a number above 0")
        if number > maximum:
            raise given.refuse(f"is above {maximum:.15g}")
        return number

    return parse


def flag(given: GivenValue) -> bool:
    """`true` or `false` in any letter case. TorchServe takes any other text for false, which hides mistakes."""
    text = given.text.strip().lower()
    if text not in ("true", "false"):
        raise given.refuse("is neither true nor false")
    return text == "true"


def parts_of(given: GivenValue, most: int, what: str) -> list[str]:
    """What stands between the commas, without blanks around it; `most` is how many of `what` there may be."""
    if (count := given.text.count(",") + 1) > most:
        shown = replace(given, text=without_secrets(given.text))  # models' URLs, for one
        raise shown.refuse(f"has {count} {what}; at most {most} are taken")
    return [part.strip() for part in given.text.split(",")]


def words(given: GivenValue) -> str:
    """The text itself, without blanks around it."""
    return given.text.strip()


def path(given: GivenValue) -> Path:
    """An absolute path without links; a relative one starts at the working directory, as in TorchServe."""
    if "\0" in given.text:
        raise given.refuse("is no path: it holds a NUL character")
    try:
        return (given.cwd / given.text.strip()).resolve()
    except (OSError, RuntimeError) as error:  # a link that leads to itself is the one or the other, by Python's version
        raise given.refuse(f"is no path: {error}") from error


def choice(*values: str) -> Parser[str]:
    """A reader of one of these words, in any letter case."""

    def parse(given: GivenValue) -> str:
        text = given.text.strip().lower()
        if text not in values:
            raise given.refuse(f"is none of {', '.join(values)}")
        return text

    return parse


def keystore_type(given: GivenValue) -> str:
    """A kind of keystore, spelt as Java does, in any letter case."""
    return choice("pkcs12", "jks", "jceks")(given).upper()


def metrics_mode(given: GivenValue) -> str:
    """`prometheus`, `log`, `legacy`, `off`, or `prometheus,log` for both; in that order whatever order was written.

    TorchServe takes an unknown mode for `log`; here it is refused.
    """
    modes = {mode.strip().lower() for mode in given.text.split(",")}
    if modes == {"prometheus", "log"}:
        return "prometheus,log"
    if len(modes) == 1 and modes <= set(_METRICS_MODES):
        return modes.pop()
    raise given.refuse(f"is no metrics mode: use {', '.join(_METRICS_MODES)} or prometheus,log")


def bucket_bounds(given: GivenValue) -> tuple[float, ...]:
    """A histogram's upper bounds: finite numbers between commas, each above the one before; +Inf is not written."""
    bounds: list[float] = []
    for part in parts_of(given, MAX_BUCKETS, "bounds"):
        if part.lower().lstrip("+") in ("inf", "infinity"):
            raise given.refuse(f"gives {part}, the last bound of every histogram: leave it out")
        if _DECIMAL.fullmatch(part) is None or not math.isfinite(bound := float(part)):
            raise given.refuse(f"is no list of numbers between commas: {part[:_SHOWN]!r} is none")
        if bounds and bound <= bounds[-1]:
            raise given.refuse(f"does not ascend: {bound:g} comes after {bounds[-1]:g}")
        bounds.append(bound)
    return tuple(bounds)


def pattern(given: GivenValue) -> re.Pattern[str]:
    """A regular expression, to be matched against a whole text."""
    return _compile(given, given.text.strip(), 0)


def url_patterns(given: GivenValue) -> tuple[re.Pattern[str], ...]:
    """Regular expressions between commas, for whole URLs in any letter case; an empty text has none."""
    parts = parts_of(given, MAX_LISTED, "regular expressions")
    return tuple(_compile(given, part, re.IGNORECASE) for part in parts if part)


def listener(http_port: int, https_port: int) -> Parser[Address]:
    """A reader of a listener's address with the ports for addresses that name none."""

    def parse(given: GivenValue) -> Address:
        try:
            return parse_address(given.key, given.text.strip(), http_port=http_port, https_port=https_port)
        except ConfigurationError as error:
            raise ConfigurationError(f"{error} (from {given.origin})") from error

    return parse


def _compile(given: GivenValue, text: str, flags: int) -> re.Pattern[str]:
    try:
        return re.compile(text, flags)
    except (re.error, OverflowError, RecursionError) as error:
        raise given.refuse(f"is no regular expression: {error}") from error
