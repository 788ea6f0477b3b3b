"""Readers of YAML, and of single values of model-config.yaml: in, what YAML made of one; out, the typed value.

Named by the fields of `config`; workflows' specifications use some. A ValueError says what the value should be, and becomes a
warning there; OutOfBounds refuses the model.
"""

from collections.abc import Callable
from datetime import date
from typing import Any

from servescope.config.bounds import MAX_GPUS

Reader = Callable[[Any], Any]
_LONGEST = 80
_MOST_ITEMS = 8


def load_yaml(text: str, *, once: bool = False) -> Any:
    """What a YAML text says. `once`: a key may stand only once in its mapping; else its last value holds, as in TorchServe.

    Raises ValueError for whatever is wrong with it.
    """
    import yaml  # by servers that have such a file

    try:
        loader = yaml.SafeLoader(text)
        try:
            node = loader.get_single_node()
            if once and (key := _key_twice(node)) is not None:
                raise ValueError(
                    f"the key {shown(key.value)} is there twice, the second time in line {key.start_mark.line + 1}"
                )
            return loader.construct_document(node) if node is not None else None
        finally:
            loader.dispose()
    # PyYAML's constructors let through whatever a hostile scalar makes int(), datetime or a table look-up raise.
    except Exception as error:
        raise ValueError(str(error)) from error


def _key_twice(root: Any) -> Any:
    """The first key node of PyYAML's that another of its mapping is like; None where there is none. Each node is looked at once,
    as aliases make a small text endless.
    """
    waiting, seen = [root], set()
    while waiting:
        node = waiting.pop()
        if node is None or isinstance(node.value, str) or id(node) in seen:
            continue
        seen.add(id(node))
        if node.id == "sequence":
            waiting += reversed(node.value)
            continue
        keys: set[tuple[str, str]] = set()
        for key, _ in node.value:
            if isinstance(key.value, str):
                if (key.tag, key.value) in keys:
                    return key
                keys.add((key.tag, key.value))
        waiting += [part for pair in reversed(node.value) for part in reversed(pair)]
    return None


class OutOfBounds(ValueError):
    """A number that no server can keep to: what says so is refused, and not ignored."""


def whole(minimum: int, maximum: int) -> Reader:
    """A reader of integers from `minimum` to `maximum`; true and false are none."""

    def read(value: Any) -> int:
        if type(value) is not int or value < minimum:
            raise ValueError(f"should be an integer of at least {minimum}")
        if value > maximum:
            raise OutOfBounds(f"is above {maximum}")
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
    if len(value) > MAX_GPUS:
        raise OutOfBounds(f"has {len(value)} numbers; at most {MAX_GPUS} are taken")
    if any(item >= MAX_GPUS for item in value):
        raise OutOfBounds(f"has numbers above {MAX_GPUS - 1}")
    return tuple(value)


def shown(value: Any) -> str:
    """The value for a message: a scalar, or a short list of them, as Python writes it, cut where it is long.

    Nothing nested is written out: aliases make it endless in a hostile file. Nor is an integer that Python refuses to.
    """
    if isinstance(value, list) and len(value) <= _MOST_ITEMS:
        return f"[{', '.join(map(_scalar, value))}]"
    return _scalar(value)


def _scalar(value: Any) -> str:
    if not isinstance(value, str | int | float | bytes | date | None):
        return f"a {'mapping' if isinstance(value, dict) else type(value).__name__}"
    try:
        text = repr(value)
    except ValueError:
        return "a huge number"
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
