"""How the lines of one metric of handlers are laid out: its unit, and its dimensions' names and order, which all its lines share.

In: a declaration, or the first write, then dimensions as handlers name them. Out: pairs in the metric's order. Used by
`metric_lines`.
"""

from collections.abc import Sequence

from servescope.metrics.definitions import BY_NAME, Definition
from servescope.metrics.log_mode.lines import Dimensions
from servescope.metrics.torchserve.custom_family import MOST_LABELS
from servescope.metrics.torchserve.units import SAME, Conversion, conversion


class Layout:
    """See the module. `names`: of the dimensions, in their order; one that is not among them comes after them from then on."""

    def __init__(self, unit: str, names: Sequence[str]) -> None:
        self.unit = unit
        self._names = {name: name for name in names}
        self._places = {name: place for place, name in enumerate(self._names)}

    @classmethod
    def declared(cls, definition: Definition) -> "Layout":
        """That of a metric in metrics.yaml, or of this server's own, whose dimensions the file may have other names for."""
        layout = cls(definition.unit, definition.labels[:-1])
        if (own := BY_NAME.get(definition.name)) is not None:
            for place, label in enumerate(definition.labels[:-1]):
                alias = own.labels[definition.order[place] if definition.order else place]
                layout._names[alias], layout._places[alias] = label, place
        return layout

    def ordered(self, dimensions: Sequence[str], values: Sequence[str]) -> Dimensions:
        """Names and values in the metric's order."""
        places = self._places
        for name in dimensions:
            if name not in places and len(places) < MOST_LABELS:
                places[name] = len(places)
        pairs = sorted(zip(dimensions, values, strict=False), key=lambda pair: places.get(pair[0], MOST_LABELS))
        return [(self._names.get(name, name), value) for name, value in pairs]

    def measured(self, unit: str) -> tuple[str, Conversion]:
        """The unit that a value in `unit` is written in, and how it becomes one of it: its own where that is not the metric's."""
        found = conversion(unit, self.unit)
        return (unit, SAME) if found is None else (self.unit, found)
