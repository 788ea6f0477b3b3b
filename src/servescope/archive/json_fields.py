"""Fields of an archive's JSON: an object as it was written in, texts and names of files that are what they should be out.

`manifest` and `war.manifest` read with it. `place` is what the errors call the document.
"""

import json
import re
from typing import Any

from servescope.errors import InvalidModel


def check_file_name(value: str, what: str) -> str:
    """Return `value` if it can only name a file below an archive's root.

    Backslashes count as separators, so that an archive is no better for being read on another system.

    Raises:
        InvalidModel: absolute, with a `..` component, or with a control character; the text starts with `what`.
    """
    if re.match(r"[/\\]", value):
        raise InvalidModel(f"{what} is {value!r}: an absolute path is not allowed")
    if ".." in re.split(r"[/\\:]", value):
        raise InvalidModel(f"{what} is {value!r}: '..' is not allowed")
    if re.search(r"[\x00-\x1f\x7f]", value):
        raise InvalidModel(f"{what} is {value!r}: control characters are not allowed")
    return value


def json_object(data: bytes, place: str) -> dict[str, Any]:
    """The object that a manifest is. Raises InvalidModel where it is none."""
    try:
        raw = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise InvalidModel(f"{place} is not valid JSON: {error}") from error
    if not isinstance(raw, dict):
        raise InvalidModel(f"{place} must be a JSON object, and is a {type(raw).__name__}")
    return raw


def text_in(values: dict[str, Any], key: str, place: str) -> str | None:
    """Return a text; numbers become texts, because hand-written manifests say `"modelVersion": 2.0`."""
    value = values.get(key)
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    raise InvalidModel(f"{place}: {key} is {value!r}, and must be a string")


def object_in(values: dict[str, Any], key: str, place: str) -> dict[str, Any]:
    """Return an object, {} where there is none."""
    value = values.get(key)
    if value is None:
        return {}
    if isinstance(value, dict):
        return value
    raise InvalidModel(f"{place}: {key} is {value!r}, and must be an object")


def file_name_in(values: dict[str, Any], key: str, place: str) -> str | None:
    """A text that is a file's name below the archive's root; None where there is none, or it is empty."""
    value = text_in(values, key, place)
    return check_file_name(value, f"{place}: {key}") if value else None
