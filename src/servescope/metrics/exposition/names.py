"""What families are called in OpenMetrics, and as what they are typed: its rules about names are stricter than 0.0.4's.

In: the families of a scrape. Out: for each a `Title`, or none where its samples would be taken for another family's. Called by
`openmetrics`; `protobuf` asks for units.
"""

from msgspec import Struct

from servescope.metrics.definitions import Definition

# Names that a family of this type keeps for itself, after its own.
_SUFFIXES = {
    "counter": ("", "_total", "_created"),
    "histogram": ("", "_bucket", "_count", "_sum", "_created"),
    "summary": ("", "_count", "_sum", "_created"),
    "gauge": ("",),
    "unknown": ("",),
}


class Title(Struct, frozen=True):
    """A family's name and type in OpenMetrics; `unit` is "" where the name does not end in it."""

    name: str
    kind: str
    unit: str


def unit_in_name(definition: Definition) -> str:
    """The unit where the name ends in it, before a counter's `_total`; "" elsewhere: only there a UNIT may stand."""
    name = definition.name.removesuffix("_total") if definition.kind == "counter" else definition.name
    return _unit(name, definition)


class Titles:
    """Gives titles so that no two families of a scrape use one name.

    First `keep` the names of all families, so that those with no choice come first, then ask for titles.
    """

    def __init__(self) -> None:
        self._owners: dict[str, str] = {}
        self._given: set[str] = set()

    def keep(self, definition: Definition) -> None:
        """Keep the names of a family that can have only one title; the first to come has them."""
        if not _may_be_counter(definition):
            self._take(definition, _title(definition))

    def title(self, definition: Definition) -> Title | None:
        """The family's title; None where its names are another's.

        A counter whose name without `_total` is taken becomes `unknown`, as do those that do not end in `_total`: so they
        keep their names.
        """
        titles = [_title(definition)]
        if _may_be_counter(definition):
            titles.append(Title(definition.name, "unknown", _unit(definition.name, definition)))
        for title in titles:
            if definition.name not in self._given and self._take(definition, title):
                self._given.add(definition.name)
                return title
        return None

    def _take(self, definition: Definition, title: Title) -> bool:
        names = [title.name + suffix for suffix in _SUFFIXES[title.kind]]
        if any(self._owners.get(name, definition.name) != definition.name for name in names):
            return False
        self._owners.update(dict.fromkeys(names, definition.name))
        return True


def _may_be_counter(definition: Definition) -> bool:
    return definition.kind == "counter" and definition.name.endswith("_total") and definition.name != "_total"


def _title(definition: Definition) -> Title:
    if _may_be_counter(definition):
        return Title(definition.name.removesuffix("_total"), "counter", unit_in_name(definition))
    kind = "unknown" if definition.kind == "counter" else definition.kind
    return Title(definition.name, kind, _unit(definition.name, definition))


def _unit(name: str, definition: Definition) -> str:
    unit = definition.unit
    return unit if unit and name.endswith(f"_{unit}") else ""
