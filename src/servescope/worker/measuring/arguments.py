"""What handlers pass to `context.metrics`, read generously: names, units, types, numbers and dimensions.

In: whatever a handler gives. Out: texts that UTF-8 can carry and floats that the metric's type can take, or `Refused`. Called by
`custom_metrics` and `caching_metric`. The types and the names of units are TorchServe's.
"""

import math
import sys
from collections.abc import Mapping
from enum import Enum
from typing import Any, Protocol

from servescope.wire.measured.update import DIMENSIONS, VALUE
from servescope.worker.measuring.complaints import Refused, shown
from servescope.worker.measuring.sink import Texts

UNIT_NAMES: Mapping[str, str] = {
    "ms": "Milliseconds",
    "s": "Seconds",
    "percent": "Percent",
    "count": "Count",
    "MB": "Megabytes",
    "GB": "Gigabytes",
    "kB": "Kilobytes",
    "B": "Bytes",
    "": "unit",
}
"""Unit as a handler writes it → as metrics show it. One that is not here is kept as given."""


class MetricTypes(Enum):
    """What a write does: COUNTER adds, GAUGE sets, HISTOGRAM observes (TorchServe's MetricTypes)."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"

    __hash__ = object.__hash__  # Enum's own, in Python, would be the dearest part of a write


class NamedValue(Protocol):
    """A dimension: `ts.metrics.dimension.Dimension`, or anything with a name and a value."""

    name: Any
    value: Any


def as_text(value: Any) -> str:
    """A name or a value as text that UTF-8 can carry; lone surrogates become question marks."""
    if type(value) is str:
        text = value
    else:
        text = value.decode("utf-8", "replace") if isinstance(value, (bytes, bytearray)) else str(value)
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def texts(values: Any) -> Texts:
    """Names or values of dimensions; a text by itself is one of them."""
    if values is None:
        return ()
    if isinstance(values, (str, bytes)):
        return (as_text(values),)
    return tuple([as_text(one) for one in values])


def named(dimensions: Any) -> tuple[list[str], list[str]]:
    """The names and the values of dimensions.

    Raises:
        Refused: some are none.
    """
    names: list[str] = []
    values: list[str] = []
    try:
        for one in dimensions:
            names.append(as_text(one.name))
            values.append(as_text(one.value))
    except (AttributeError, TypeError):
        raise Refused(DIMENSIONS, "its dimensions are not a list of names with values", shown(dimensions)) from None
    return names, values


def as_number(value: Any, kind: MetricTypes) -> float:
    """A value as a metric of this kind can take it.

    Raises:
        Refused: it cannot.
    """
    try:
        number = float(value)
    except OverflowError:
        raise Refused(VALUE, "too large for any number") from None
    except Exception:  # whatever its `__float__` raises
        raise Refused(VALUE, "not a number") from None
    if kind is MetricTypes.COUNTER:
        if number < 0.0:
            raise Refused(VALUE, "a counter cannot go down")
        if not number <= sys.float_info.max:
            raise Refused(VALUE, "a counter takes finite numbers only")
    elif kind is MetricTypes.HISTOGRAM and not math.isfinite(number):
        raise Refused(VALUE, "a histogram takes finite numbers only")
    return number


def shown_unit(unit: Any) -> str:
    """A unit as metrics show it; None counts as no unit, as in TorchServe."""
    given = "" if unit is None else as_text(unit)
    return UNIT_NAMES.get(given, given)


def as_name(name: Any) -> str:
    """A metric's name. Raises Refused where it is no text."""
    if not isinstance(name, (str, bytes)) or not name:
        raise Refused(VALUE, "its name is no text")
    return as_text(name)


def as_kind(kind: Any) -> MetricTypes:
    """A metric's type, which may be spelled as text. Raises Refused where it is none."""
    if isinstance(kind, MetricTypes):
        return kind
    try:
        return MetricTypes(as_text(getattr(kind, "value", kind)).lower())
    except ValueError:
        raise Refused(VALUE, "its type is none of counter, gauge, histogram", shown(kind)) from None
