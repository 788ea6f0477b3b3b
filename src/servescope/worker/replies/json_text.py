"""A value → JSON, also where numpy or torch is in it. Called by whatever writes an answer: `outputs`, and the envelopes.

Python's own encoder does nearly all of it. Only what it stops at is written anew first: keys that are numbers of numpy's, and NaN
where it may not be.
"""

import json
import math
from typing import Any

from servescope.wire.messages import Writing

KEEP, NULL = "keep", "null"
AS_BEFORE = Writing()


class JsonText(str):
    """Text that is JSON already."""

    __slots__ = ()


class NoJson(Exception):
    """An answer has what JSON cannot say, and `json_nan` refuses it; the text is for its client."""


def json_bytes(value: Any, writing: Writing = AS_BEFORE, indent: int | None = 2) -> bytes:
    """The JSON of a value, arrays as lists. NaN and Infinity are written as `writing` says.

    Raises:
        TypeError, ValueError, RecursionError: JSON cannot say it.
        NoJson: see there.
    """
    return _json(value, writing.json_nan, indent).encode()


def _json(value: Any, nan: str, indent: int | None) -> str:
    keeps = nan == KEEP
    try:
        return json.dumps(value, indent=indent, default=_listed, allow_nan=keeps)
    except TypeError:
        if keeps:
            return json.dumps(_plain(value, nan), indent=indent, default=_listed)
    except ValueError as error:
        if keeps or "float" not in str(error):
            raise
    try:
        return json.dumps(_plain(value, nan), indent=indent, default=_listed, allow_nan=False)
    except ValueError as error:
        if "float" in str(error):
            raise NoJson("The answer has NaN or Infinity, which JSON cannot say (json_nan=error)") from error
        raise


def _listed(value: Any) -> Any:
    """An array, tensor or scalar as Python's own values. Raises: TypeError where it is none."""
    tolist = getattr(value, "tolist", None)
    if not callable(tolist):
        raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")
    listed = tolist()
    return float(listed) if type(listed) is type(value) else listed  # a longdouble, which Python has no number for


def _plain(value: Any, nan: str) -> Any:
    """As it is, but with keys that JSON's encoder knows, and without NaN where null is written for it."""
    if isinstance(value, dict):
        return {_key(key): _plain(one, nan) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one, nan) for one in value]
    if isinstance(value, float):
        return None if nan == NULL and not math.isfinite(value) else value
    return _plain(_listed(value), nan) if callable(getattr(value, "tolist", None)) else value


def _key(key: Any) -> Any:
    if callable(getattr(key, "tolist", None)):
        key = _listed(key)
    return json.dumps(key) if isinstance(key, float) and not math.isfinite(key) else key
