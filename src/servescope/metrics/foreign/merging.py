"""Foreign metrics, of many workers, put together: a family a name, the server's labels before the handlers'.

In: `Exposed` pieces with their origin, at each scrape. Out: families of `instruments`. Used by `passthrough`, which keeps one
`Merge`. What a worker says is not trusted: what is no metric, or stands for something else already, is left out with one
warning; label values are under a budget.
"""

from collections.abc import Iterator
from typing import NamedTuple, cast, get_args

from servescope.metrics.definitions import BY_NAME, Definition, Kind
from servescope.metrics.drops import OTHER
from servescope.metrics.foreign.left_out import LeftOut
from servescope.metrics.foreign.merged_family import BASE, Key, MergedFamily
from servescope.metrics.instruments import AnyFamily
from servescope.metrics.label_budget import LabelBudget
from servescope.metrics.registry import Registry
from servescope.wire.exposed import Exposed, ExposedFamily
from servescope.wire.measured.names import metric_name

KINDS: frozenset[str] = frozenset(get_args(Kind))
_STEP = 25  # series between two chances to pause


class Origin(NamedTuple):
    """Whose metrics they are, in the order of `BASE`. `worker`: `W-9000-model_1.0`."""

    model: str
    version: str
    worker: str


class Merge:
    """The families as the last scrape found them. For each scrape `begin`, `take` each piece, `end`; families that the scrape
    before had keep their names against others.
    """

    def __init__(self, registry: Registry, budget: LabelBudget, left_out: LeftOut) -> None:
        self._registry = registry
        self._budget = budget
        self._left_out = left_out
        self._round = 0
        self._merged: dict[str, MergedFamily] = {}
        self._sample_names: dict[str, str] = {}

    @property
    def families(self) -> tuple[AnyFamily, ...]:
        """Those that have series, in the order in which they were found."""
        return tuple([merged.family for merged in self._merged.values() if len(merged)])

    def begin(self) -> None:
        """A scrape begins."""
        self._round += 1
        self._left_out.begin()

    def take(self, origin: Origin, exposed: Exposed) -> Iterator[None]:
        """A piece of a worker's answer, a few series at a time."""
        for family in exposed.families:
            try:
                merged = self._home(origin, family)
            except ValueError as error:
                self._refuse(origin, family.name, "name", str(error), len(family.series))
            else:
                if merged is not None:
                    yield from self._fill(merged, origin, family)

    def end(self) -> Iterator[None]:
        """All is taken: drop what was not told of, a few series at a time."""
        self._left_out.settle()
        for name, merged in tuple(self._merged.items()):
            yield from merged.sweep(self._round)
            if not len(merged):
                del self._merged[name]
                for sample_name in (name, *merged.family.definition.sample_names):
                    self._sample_names.pop(sample_name, None)

    def _home(self, origin: Origin, family: ExposedFamily) -> MergedFamily | None:
        """Where it goes; None over the most families a model. Raises ValueError where its name or kind cannot be had."""
        name = metric_name(family.name)
        merged = self._merged.get(name)
        if merged is not None and merged.kind != family.kind:
            raise ValueError(
                f"it is a {family.kind}, and {name} is a {merged.kind} of another model or handler already"
            )
        if not self._budget.admits_family(origin.model, name):
            self._left_out.note(origin.worker, origin.model, OTHER, "metric_budget", len(family.series))
            return None
        if merged is None:
            merged = self._found_first(name, family)
        elif merged.round != self._round:
            self._claim(merged.family.definition)
        if merged.round != self._round:
            merged.begin(self._round)
        return merged

    def _found_first(self, name: str, family: ExposedFamily) -> MergedFamily:
        if family.kind not in KINDS:
            raise ValueError(f"its type {family.kind!r} is none of {', '.join(sorted(KINDS))}")
        definition = Definition(name, cast("Kind", family.kind), "", BASE, family.help)
        self._claim(definition)
        merged = self._merged[name] = MergedFamily(definition)
        return merged

    def _claim(self, definition: Definition) -> None:
        """Take the family's names. Raises ValueError where one is another's."""
        name = definition.name
        names = {name, *definition.sample_names}
        taken = name if name in BY_NAME else self._registry.taken_by(definition)
        for sample_name in names:
            owner = self._sample_names.get(sample_name, name)
            taken = taken or (owner if owner != name else "")
        if taken:
            raise ValueError(f"its name is taken by {taken}")
        self._sample_names.update(dict.fromkeys(names, name))

    def _fill(self, merged: MergedFamily, origin: Origin, family: ExposedFamily) -> Iterator[None]:
        try:
            places = merged.places(family.labels)
        except ValueError as error:
            self._refuse(origin, family.name, "dimensions", str(error), len(family.series))
            return
        width = len(merged.labels)
        straight = places == list(range(width))
        for number, series in enumerate(family.series, 1):
            values = series.values
            if len(values) != len(places):
                why = f"it has {len(places)} labels and {len(values)} values, in the series of {values}"
                self._refuse(origin, family.name, "dimensions", why)
                continue
            key = self._key(merged, origin, tuple(values if straight else _placed(values, places, width)))
            try:
                if key is not None:
                    merged.put(key, series)
            except ValueError as error:
                self._refuse(origin, family.name, "value", f"{error}, in the series of {values}")
            if not number % _STEP:
                yield

    def _key(self, merged: MergedFamily, origin: Origin, values: Key) -> Key | None:
        """Where a series goes: `other` over the budget, None where a sum with others would mean nothing."""
        key: Key = origin + values
        if merged.has(key):
            return key
        name = merged.family.definition.name
        if self._budget.admits(origin.model, name, values):
            return key
        self._left_out.note(origin.worker, origin.model, name, "series_budget")
        if merged.kind in ("gauge", "unknown"):
            return None
        return origin + (OTHER,) * len(values)

    def _refuse(self, origin: Origin, name: str, reason: str, why: str, series: int = 1) -> None:
        """Count that these series are left out, and say why once."""
        self._left_out.note(origin.worker, origin.model, metric_name(name), reason, series)
        text = f"metric {name!r} of model {origin.model}, from prometheus_client, is left out: {why}"
        self._registry.warn_once(f"passthrough:{name}", text, origin.model)


def _placed(values: list[str], places: list[int], width: int) -> list[str]:
    row = [""] * width
    for place, value in zip(places, values, strict=True):
        row[place] = value
    return row
