"""Sizes that manifests are made of: in, what was measured, and what was given; out, `Figure`s that know where they are from.

Used by `deployed`. What was neither measured nor given is a stated default, and everything that shows a figure says so.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Generic, Literal, TypeVar

Value = TypeVar("Value", float, str)
Origin = Literal["measured", "given", "stated default"]
MIB: Final = 1024**2
_LONGEST: Final = 60


@dataclass(frozen=True, slots=True)
class Figure(Generic[Value]):
    """A value with its origin. `what` and `shown` are for people, `of` is the model that it is about, if it is about one."""

    what: str
    value: Value
    shown: str
    origin: Origin
    of: str = ""


def figure(
    what: str,
    default: Value,
    show: Callable[[Value], str],
    *,
    measured: Value | None = None,
    given: Value | None = None,
    of: str = "",
) -> Figure[Value]:
    """What was given, else what was measured, else the default."""
    if given is not None:
        return Figure(what, given, show(given), "given", of)
    if measured is not None:
        return Figure(what, measured, show(measured), "measured", of)
    return Figure(what, default, show(default), "stated default", of)


def lines(figures: Iterable[Figure[float] | Figure[str]], *, with_origin: bool = True) -> list[str]:
    """Each once, as comments and terminals have them; models of which the same is said are named together, or not at all where it
    is said of all.
    """
    found: dict[tuple[str, str, str], list[str]] = {}
    every = tuple(figures)
    models = dict.fromkeys(one.of for one in every if one.of)
    for one in every:
        found.setdefault((one.what, one.shown, one.origin), []).append(one.of)
    told = []
    for (what, shown, origin), names in found.items():
        named = set(names) - {""}
        of = (
            ""
            if named in (set(), set(models))
            else f" of {', '.join(_short(name) for name in models if name in named)}"
        )
        told.append(f"{what}{of}: {shown}" + (f" ({origin})" if with_origin else ""))
    return told


def mebibytes(count: float) -> str:
    """Bytes, rounded up."""
    return f"{math.ceil(count / MIB)} MiB"


def seconds(value: float) -> str:
    """With a tenth below ten."""
    return f"{value:.1f} s" if value < 10 and value % 1 else f"{value:.0f} s"


def plain(value: float) -> str:
    """Without needless digits."""
    return f"{value:.3g}"


def yes_or_no(value: float) -> str:
    """Of a switch."""
    return "yes" if value else "no"


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST else f"{name[:_LONGEST]}…"
