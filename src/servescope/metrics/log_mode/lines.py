r"""One written value as TorchServe logs it, or as JSON: `Name.Unit:1.0|#Level:Host|#hostname:vm,timestamp:1795492743`.

In: a metric's name, unit, dimensions and host, once a series, then values. Out: the texts that `logs.metric` puts around
the time. Pure; called by `logged`. Layout, order and spelling of numbers are those that were recorded off TorchServe
(contract, section C): the host is no dimension, a dimension without a value is left out, and a handler's metric names its
requests. Characters that would end a line or a part of it are shown as `\x7c`, which TorchServe loses.
"""

import re
from collections.abc import Sequence

from msgspec import Struct

from servescope.logs.layout.formats import json_text

NO_REQUEST = "null"
Dimensions = Sequence[tuple[str, str]]

_CONTROL = "\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff"
_NOT_IN_NAMES = re.compile(f"[{_CONTROL}|#,:]")
_NOT_IN_VALUES = re.compile(f"[{_CONTROL}|#,]")
_NOT_IN_IDS = re.compile(f"[{_CONTROL}|#]")


class LineShape(Struct, frozen=True):
    """What the lines of one series share. A line is `before`, the value, `after`, the time, `rest`.

    `with_ids`: the ids of its requests stand between `after` and the time. `json`: `rest` wants the value once more.
    """

    before: str
    after: str
    rest: str
    with_ids: bool
    json: bool


def text_shape(name: str, unit: str, dimensions: Dimensions, hostname: str, *, with_ids: bool) -> LineShape:
    """TorchServe's layout."""
    before, after = _message(name, unit, dimensions, hostname, with_ids)
    return LineShape(before, after, "", with_ids, json=False)


def json_shape(name: str, unit: str, dimensions: Dimensions, hostname: str, *, with_ids: bool) -> LineShape:
    """TorchServe's line as `message`, and its parts as members of their own; for `log_format=json`."""
    before, after = _message(name, unit, dimensions, hostname, with_ids)
    parts = {"metric": name, "unit": unit, "dimensions": dict(dimensions), "hostname": hostname}
    return LineShape(
        f'"message":"{json_text(before)[1:-1]}',
        json_text(after)[1:-1],
        f'",{json_text(parts)[1:-1]},"value":',
        with_ids,
        json=True,
    )


def _message(name: str, unit: str, dimensions: Dimensions, hostname: str, with_ids: bool) -> tuple[str, str]:
    """What stands before a value and what follows it."""
    listed = ",".join(
        f"{_NOT_IN_NAMES.sub(_shown, label)}:{_NOT_IN_VALUES.sub(_shown, value)}"
        for label, value in dimensions
        if value
    )
    before = f"{_NOT_IN_NAMES.sub(_shown, name)}.{_NOT_IN_NAMES.sub(_shown, unit)}:"
    host = _NOT_IN_VALUES.sub(_shown, hostname)
    return before, f"|#{listed}|#hostname:{host},{'requestID' if with_ids else 'timestamp'}:"


def render(shape: LineShape, value: float, request_ids: str = "") -> tuple[str, str]:
    """A line's text before and after the time. `request_ids`: one, or several between commas, "" for none."""
    number = spell(value)
    if not shape.with_ids:
        before = f"{shape.before}{number}{shape.after}"
        return before, f"{shape.rest}{_json_number(value)}}}" if shape.json else ""
    ids = request_ids or NO_REQUEST
    if not ids.isprintable() or "|" in ids or "#" in ids:
        ids = _NOT_IN_IDS.sub(_shown, ids)
    if not shape.json:
        return f"{shape.before}{number}{shape.after}{ids},timestamp:", ""
    before = f"{shape.before}{number}{shape.after}{json_text(ids)[1:-1]},timestamp:"
    members = f',"request_ids":{json_text(request_ids.split(","))}' if request_ids else ""
    return before, f"{shape.rest}{_json_number(value)}{members}}}"


def spell(value: float) -> str:
    """A number as Java spells it: `2315.669`, `0.0`, `1.0E10`, `1.0E-4`, `NaN`, `-Infinity`."""
    value = float(value)
    if 1e-3 <= value < 1e7 or value == 0.0 or 1e-3 <= -value < 1e7:
        return repr(value)
    if value - value != 0.0:
        return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
    return _scientific(repr(value))


def _scientific(text: str) -> str:
    """One digit before the point, at least one behind it, then the exponent."""
    sign = "-" if text.startswith("-") else ""
    mantissa, _, exponent = text.lstrip("-").partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    leading = len(whole + fraction) - len(digits)
    power = int(exponent or 0) + len(whole) - leading - 1
    digits = digits.rstrip("0") or "0"
    return f"{sign}{digits[0]}.{digits[1:] or '0'}E{power}"


def _json_number(value: float) -> str:
    """JSON has no word for what is no number."""
    value = float(value)
    return repr(value) if value - value == 0.0 else "null"


def _shown(match: re.Match[str]) -> str:
    code = ord(match.group())
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
