"""Readers of single values of model-config.yaml: in, what YAML made of one; out, the typed value.

Named by the fields of `model_config`. A ValueError says what the value should be, and becomes a warning there.
"""

from collections.abc import Callable
from typing import Any

Reader = Callable[[Any], Any]


def whole(minimum: int) -> Reader:
    """A reader of integers from `minimum` on; true and false are none."""

    def read(value: Any) -> int:
        if type(value) is not int or value < minimum:
            raise ValueError(f"should be an integer of at least {minimum}")
        return value

    return read


def flag(value: Any) -> bool:
    """True or false, not a text that says so."""
    if not isinstance(value, bool):
        raise ValueError("should be true or false")
    return value


def one_of(*words: str) -> Reader:
    """A reader of one of these words, in any letter case."""

    def read(value: Any) -> str:
        if not isinstance(value, str) or value.lower() not in words:
            raise ValueError(f"should be one of {', '.join(words)}")
        return value.lower()

    return read


def text(value: Any) -> str:
    """A text; a number is none."""
    if not isinstance(value, str):
        raise ValueError("should be a text")
    return value


def device_ids(value: Any) -> tuple[int, ...]:
    """A list of GPU numbers; one that is no number spoils the list, as in TorchServe."""
    if not isinstance(value, list) or not all(type(item) is int and item >= 0 for item in value):
        raise ValueError("should be a list of GPU numbers")
    return tuple(value)
