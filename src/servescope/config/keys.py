"""What a configuration key is: in, how `settings` defines one; out, the metadata of its field.

Read by `load`, which parses by it, and `reference`, which prints it.
"""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from msgspec import Struct

from servescope.config.values.parsers import Parser


class Key(Struct, frozen=True):
    """How a key's text is read and what it means.

    `empty_counts`: an empty text is a value of its own, where for all other keys it means "not set".
    `default`: the default in words, where the field's value does not tell it.
    `secret`: its value is shown nowhere.
    `each`: the key comes once for each of these, as `name_<each>`, and the field maps their names to the values.
    """

    parse: Parser[Any] | None
    meaning: str
    empty_counts: bool = False
    default: str = ""
    each: str = ""
    secret: bool = False


def key(
    parse: Parser[Any] | None,
    meaning: str,
    *,
    empty_counts: bool = False,
    default: str = "",
    each: str = "",
    secret: bool = False,
) -> dict[str, Key]:
    """Metadata for `dataclasses.field`; see `Key`. `parse` None: `load` reads the key itself."""
    return {"key": Key(parse, meaning, empty_counts, default, each, secret)}


def keys_of(settings: type) -> Mapping[str, Key]:
    """The keys that a settings class defines, by name, in its order; not those that come once for each of something."""
    return {name: key for name, key in _all_keys(settings) if not key.each}


def prefixes_of(settings: type) -> Mapping[str, Key]:
    """The keys that come once for each of something, by what stands before its name: `metrics_buckets_`."""
    return {f"{name}_": key for name, key in _all_keys(settings) if key.each}


def _all_keys(settings: type) -> list[tuple[str, Key]]:
    return [(field.name, field.metadata["key"]) for field in fields(settings) if "key" in field.metadata]
