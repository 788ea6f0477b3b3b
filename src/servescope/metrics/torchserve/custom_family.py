"""One family that handlers write to through `context.metrics`, whichever model they are of: where its dimensions stand, in which
unit its values are, and which models write which series.

In: dimensions by their names, units, label values. Out: the places of these dimensions, conversions, series. Made by
`custom_families`; called by `custom`. A family has one set of labels, and a handler's dimensions find theirs by name. What
a model does not give is "", which is to Prometheus no label; what a family does not have it gets, unless metrics.yaml or
this server says what it has.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from servescope.metrics.instruments import AnyFamily
from servescope.metrics.torchserve.units import Conversion, conversion

MOST_LABELS = 64
# The name and version of a model; of what stays when a version goes, the version is "".
Owner = tuple[str, str]


class Refused(ValueError):
    """What a handler writes cannot be shown. `reason` is one of DROP_REASONS."""

    def __init__(self, reason: str, why: str) -> None:
        super().__init__(why)
        self.reason = reason


class CustomFamily:
    """See the module. `places`: of each dimension's label among a series' values. `fixed`: it gets no other labels.

    `width`: how many values a series has. It changes when a model comes with other dimensions; series that were bound before are
    then not the family's any more. The label Hostname comes last and has the same value everywhere; it is none of the dimensions.
    """

    def __init__(self, family: AnyFamily, places: Mapping[str, int], hostname: str, *, fixed: bool) -> None:
        self.family = family
        self.hostname = hostname
        self.fixed = fixed
        self.width = len(family.definition.labels) - 1
        self._places = dict(places)
        self._owners: dict[tuple[str, ...], set[Owner]] = {}

    @property
    def name(self) -> str:
        """As it is shown."""
        return self.family.definition.name

    def places(self, labels: Sequence[str]) -> tuple[int, ...]:
        """Where the values of dimensions that are shown under these labels stand. Raises Refused where the family cannot have
        them.
        """
        if len(set(labels)) != len(labels):
            raise Refused("dimensions", f"its dimensions {list(labels)} are not distinct")
        if new := [label for label in labels if label not in self._places]:
            if self.fixed:
                known = list(self.family.definition.labels[:-1])
                raise Refused("dimensions", f"it is declared with the dimensions {known}, and has no {', '.join(new)}")
            if self.width + len(new) > MOST_LABELS:
                raise Refused("dimensions", f"it would have more than {MOST_LABELS} dimensions")
            self._widen(new)
        places = tuple([self._places[label] for label in labels])
        if len(set(places)) != len(places):
            raise Refused("dimensions", f"two of its dimensions {list(labels)} stand for one")
        return places

    def conversion(self, unit: str) -> Conversion:
        """From `unit` into the family's. Raises Refused where there is none."""
        own = self.family.definition.unit
        found = conversion(unit, own)
        if found is None:
            raise Refused("unit", f"it is in {own or 'no unit'}, into which {unit} cannot be converted")
        return found

    def bind(self, values: Sequence[str], owner: Owner) -> Any:
        """The series with these values, which has one more writer."""
        key = (*values, self.hostname)
        self._owners.setdefault(key, set()).add(owner)
        return self.family.labels(*key)

    def release(self, leaves: Callable[[Owner], bool]) -> None:
        """These writers leave. A series that nobody writes any more is dropped."""
        for key, owners in list(self._owners.items()):
            owners -= {owner for owner in owners if leaves(owner)}
            if not owners:
                del self._owners[key]
                self.family.remove(*key)

    def _widen(self, labels: Sequence[str]) -> None:
        more = ("",) * len(labels)
        for place, label in enumerate(labels, self.width):
            self._places[label] = place
        self.width += len(labels)
        self.family.widen(labels)
        self._owners = {(*key[:-1], *more, key[-1]): owners for key, owners in self._owners.items()}
