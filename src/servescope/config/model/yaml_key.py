"""A key of model-config.yaml: how it is spelt, read and described. Carried by the fields of `config`."""

from dataclasses import fields

from msgspec import Struct

from servescope.config.model.yaml_values import Reader


class YamlKey(Struct, frozen=True):
    """How one key is spelt in the file, read, and what it means."""

    name: str
    read: Reader
    meaning: str


def yaml_key(name: str, read: Reader, meaning: str) -> dict[str, YamlKey]:
    """Metadata for `dataclasses.field`; see `YamlKey`."""
    return {"key": YamlKey(name, read, meaning)}


def yaml_keys(section: type) -> dict[str, YamlKey]:
    """The keys of a section, by their fields' names."""
    return {slot.name: slot.metadata["key"] for slot in fields(section) if "key" in slot.metadata}
