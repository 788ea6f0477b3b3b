"""All families of this process by name, and what else is collected at a scrape.

In: the definitions that are on (`torchserve.select`), families that handlers ask for (`custom`), collectables. Out:
`prepare()` and `families()`, which `exposition` renders. Built by `runtime`, one a process; never a global.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from operator import attrgetter
from types import MappingProxyType
from typing import TypeVar

from servescope.metrics.definitions import BY_NAME, DEFINITIONS, Definition
from servescope.metrics.drops import Drops
from servescope.metrics.instruments import (
    AnyFamily,
    Collectable,
    CounterFamily,
    GaugeFamily,
    HistogramFamily,
    SummaryFamily,
    UnknownFamily,
    make_family,
)

logger = logging.getLogger(__name__)
_MOST_WARNINGS = 1000
_SAMPLES = attrgetter("samples")
# Done at once, or in steps between which others may run.
Preparation = Callable[[], None] | Callable[[], Iterator[None]]
F = TypeVar("F", CounterFamily, GaugeFamily, HistogramFamily, SummaryFamily, UnknownFamily)


class Registry:
    """Families by name. `series_budget`: series that a model may make in one family with label values of its own
    choice. `buckets`: bounds, by name in small letters, of histograms that handlers may make later.

    A family of `DEFINITIONS` that is not among `definitions` can still be written to, but is not shown. `drops` counts what
    is left out.
    """

    def __init__(
        self,
        definitions: Sequence[Definition] = DEFINITIONS,
        *,
        series_budget: int = 100,
        buckets: Mapping[str, tuple[float, ...]] = MappingProxyType({}),
    ) -> None:
        self.series_budget = series_budget
        self.buckets = buckets
        self._families: dict[str, AnyFamily] = {}
        self._sample_names: dict[str, str] = {}
        self._collectables: list[Collectable] = []
        self._before: list[Preparation] = []
        self._forgetting: list[Callable[[str], None]] = []
        self._warned: defaultdict[str, set[str]] = defaultdict(set)  # by model
        self._warnings = 0
        for definition in definitions:
            self.add(definition)
        self.drops = Drops(self.counter("servescope_series_dropped_total"), series_budget)

    def add(self, definition: Definition) -> AnyFamily:
        """A new family, shown from now on, empty until written. Raises ValueError where the name is taken."""
        taken = self.taken_by(definition)
        if taken:
            raise ValueError(f"metric {definition.name}: its samples' names are taken by {taken}")
        family = self._families.setdefault(definition.name, make_family(definition))
        family.definition = definition
        for name in (definition.name, *definition.sample_names):
            self._sample_names[name] = definition.name
        self._collectables.append(family)
        self.gauge("servescope_series").read(partial(_SAMPLES, family), definition.name)
        return family

    def discard(self, name: str) -> None:
        """Show the family of this name no more, and let others have its name."""
        family = self._families.pop(name)
        self._collectables.remove(family)
        for sample_name in (name, *family.definition.sample_names):
            self._sample_names.pop(sample_name, None)
        self.gauge("servescope_series").remove(name)

    def taken_by(self, definition: Definition) -> str:
        """The name of the family that shows samples of the same name (a histogram shows three), or ""."""
        for name in (definition.name, *definition.sample_names):
            if name in self._sample_names:
                return self._sample_names[name]
        hidden = self._families.get(definition.name)
        if hidden and (hidden.definition.kind, len(hidden.definition.labels)) != (
            definition.kind,
            len(definition.labels),
        ):
            return definition.name
        return ""

    def find(self, name: str) -> AnyFamily | None:
        """The family that is shown under this name."""
        return self._families[name] if self._sample_names.get(name) == name else None

    def measured(self, name: str) -> AnyFamily | None:
        """The family that is written under this name, whether or not it is shown."""
        return self._families.get(name)

    def counter(self, name: str) -> CounterFamily:
        """The counters of this name. Raises KeyError where no definition has it, TypeError where it is no counter."""
        return self._of_kind(name, CounterFamily, "counter")

    def gauge(self, name: str) -> GaugeFamily:
        """The gauges of this name; raises as `counter` does."""
        return self._of_kind(name, GaugeFamily, "gauge")

    def histogram(self, name: str) -> HistogramFamily:
        """The histograms of this name; raises as `counter` does."""
        return self._of_kind(name, HistogramFamily, "histogram")

    def summary(self, name: str) -> SummaryFamily:
        """The summaries of this name; raises as `counter` does."""
        return self._of_kind(name, SummaryFamily, "summary")

    def unknown(self, name: str) -> UnknownFamily:
        """The numbers of unknown kind of this name; raises as `counter` does."""
        return self._of_kind(name, UnknownFamily, "unknown")

    def _of_kind(self, name: str, kind: type[F], word: str) -> F:
        family = self._any(name)
        if not isinstance(family, kind):
            raise TypeError(f"metric {name} is of kind {family.definition.kind}, not {word}")
        return family

    def _any(self, name: str) -> AnyFamily:
        """The family of this name; one that is switched off is made, but not shown."""
        if name not in self._families:
            self._families[name] = make_family(BY_NAME[name])
        return self._families[name]

    def register(self, collectable: Collectable) -> None:
        """Ask this for families as well, at each scrape, after all that were registered before."""
        self._collectables.append(collectable)

    def before_collect(self, hook: Preparation) -> None:
        """Call this at the beginning of each scrape, on the loop's thread, and take its steps where it has any."""
        self._before.append(hook)

    def when_forgotten(self, hook: Callable[[str], None]) -> None:
        """Call this with the name of each model of which nothing shall be kept any longer."""
        self._forgetting.append(hook)

    def forget(self, model: str) -> None:
        """Keep nothing of a model of this name: it has gone, long enough ago."""
        self.drops.forget(model)
        self._warnings -= len(self._warned.pop(model, ()))
        for hook in self._forgetting:
            hook(model)

    def prepare(self) -> Iterator[None]:
        """Have everybody bring up to date what is about to be read, a step at a time."""
        for hook in self._before:
            yield from hook() or ()
            yield

    def families(self) -> Iterator[AnyFamily]:
        """Every family that is shown, with or without series, in the order of registration; `prepare` comes before."""
        for collectable in tuple(self._collectables):
            yield from collectable.collect()

    def collect(self) -> Iterator[AnyFamily]:
        """Both at once."""
        for _ in self.prepare():
            pass
        yield from self.families()

    def warn_once(self, key: str, message: str, model: str = "") -> None:
        """Log a warning about `key` unless one was logged already; at most a thousand keys, as handlers choose them. `model`: whose
        it is, if one's.
        """
        warned = self._warned[model]
        if key in warned or self._warnings >= _MOST_WARNINGS:
            return
        warned.add(key)
        self._warnings += 1
        logger.warning(message)
