"""Numbers in few signs: in, a document's values, None where one is not known; out, text for a table. Pure."""

import re
from collections.abc import Sequence
from typing import Final

UNKNOWN: Final = "–"
_BARS: Final = "▁▂▃▄▅▆▇█"
# What a terminal would obey: all control characters but the ends of lines.
_OBEYED: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_UNITS: Final = ("B", "KiB", "MiB", "GiB", "TiB")


def plain(text: str) -> str:
    """A text of anybody's, without signs that a terminal obeys."""
    return _OBEYED.sub("\N{REPLACEMENT CHARACTER}", text)


def short(text: str, widest: int | None) -> str:
    """Its beginning and its end, where it has more signs than that."""
    if widest is None or len(text) <= widest:
        return text
    end = (widest - 1) // 3
    return f"{text[: widest - 1 - end]}…{text[len(text) - end :]}"


def rate(value: float | None) -> str:
    """A second."""
    return UNKNOWN if value is None else f"{value:.3g}" if value < 1000 else f"{value:,.0f}"


def seconds(value: float | None) -> str:
    """A duration."""
    if value is None:
        return UNKNOWN
    if value < 1:
        return f"{value * 1000:.3g} ms"
    for unit, of_it in (("s", 1), ("min", 60), ("h", 3600)):
        if value < 1000 * of_it:
            return f"{value / of_it:.3g} {unit}"
    return f"{value / 86400:,.0f} d"


def share(value: float | None) -> str:
    """Of 1."""
    return UNKNOWN if value is None else f"{value * 100:.3g} %"


def size(value: float | None) -> str:
    """Bytes, in the units of the console's pages."""
    if value is None:
        return UNKNOWN
    for unit in _UNITS:
        if abs(value) < 1000 or unit == _UNITS[-1]:
            return f"{value:.3g} {unit}"
        value /= 1024
    return UNKNOWN


def line(values: Sequence[float | None], width: int) -> str:
    """The last so many values as bars, the largest of them as high as a line is; a gap where one is not known."""
    shown = list(values)[-width:]
    most = max((value for value in shown if value is not None), default=0.0)
    if most <= 0:
        return "".join(" " if value is None else _BARS[0] for value in shown)
    top = len(_BARS) - 1
    return "".join(" " if value is None else _BARS[min(top, round(value / most * top))] for value in shown)
