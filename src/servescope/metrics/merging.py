"""One scrape's foreign metrics, of many workers, put together: a family a name, the server's labels before the handlers'.

In: `Exposed` pieces with their origin. Out: families of `instruments`. Used by `passthrough`, which makes one `Merge` a
scrape. What a worker says is not trusted: what is no metric, or stands for something else already, is left out with one
warning; label values are under a budget.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple, cast, get_args

from servescope.metrics.custom import OTHER
from servescope.metrics.definitions import BY_NAME, Definition, Kind
from servescope.metrics.escaping import label_name, metric_name
from servescope.metrics.instruments import AnyFamily, HistogramFamily, SummaryFamily, make_family
from servescope.metrics.label_budget import LabelBudget
from servescope.metrics.registry import Registry
from servescope.wire.exposed import Exposed, ExposedFamily, ExposedSeries

KINDS: frozenset[str] = frozenset(get_args(Kind))
BASE = ("model_name", "model_version", "worker")
_MOST_LABELS = 64
_STEP = 25  # series made between two chances to pause


class Origin(NamedTuple):
    """Whose metrics they are, in the order of `BASE`. `worker`: `W-9000-model_1.0`."""

    model: str
    version: str
    worker: str


class Numbers(NamedTuple):
    """A series' numbers. `counts` by bucket, not cumulative, one more than `bounds`; `total` is the value or the sum."""

    total: float
    bounds: tuple[float, ...] = ()
    counts: tuple[float, ...] = ()


@dataclass(slots=True)
class Found:
    """A family in the making. `labels`: the handlers' names and what is shown for them, in the order of `rows`' values,
    which follow those of `BASE`; a row made before a label was known is shorter.
    """

    name: str
    kind: Kind
    help: str
    labels: dict[str, str] = field(default_factory=dict)
    rows: dict[tuple[str, ...], Numbers] = field(default_factory=dict)

    def places(self, names: list[str]) -> list[int] | None:
        """Where these labels' values stand in a row; None where there would be too many labels, or one is there twice."""
        if len(set(names)) != len(names) or len({*names, *self.labels}) > _MOST_LABELS:
            return None
        for name in names:
            if name not in self.labels:
                self.labels[name] = self._shown(name)
        order = list(self.labels)
        return [order.index(name) for name in names]

    def _shown(self, name: str) -> str:
        shown = label_name(name)
        taken = {*BASE, *self.labels.values(), *(("le",) if self.kind == "histogram" else ())}
        while shown in taken:
            shown = "exported_" + shown
        return shown

    def put(self, row: tuple[str, ...], numbers: Numbers) -> None:
        """Into the row; what only grows is added to what is there."""
        there = self.rows.get(row)
        if there is not None and self.kind not in ("gauge", "unknown"):
            if there.bounds != numbers.bounds:
                raise ValueError("its histograms have different bounds")
            counts = tuple(a + b for a, b in zip(there.counts, numbers.counts, strict=True))
            numbers = Numbers(there.total + numbers.total, numbers.bounds, counts)
        self.rows[row] = numbers

    def family(self) -> Iterator[AnyFamily | None]:
        """The finished family at last; before it None, each after some of the work."""
        buckets = next((numbers.bounds for numbers in self.rows.values()), ()) if self.kind == "histogram" else ()
        definition = Definition(self.name, self.kind, "", (*BASE, *self.labels.values()), self.help, buckets=buckets)
        family = make_family(definition)
        missing = [("",) * n for n in range(len(definition.labels) + 1)]
        for number, (row, numbers) in enumerate(self.rows.items(), 1):
            values = row + missing[len(definition.labels) - len(row)]
            if isinstance(family, HistogramFamily):
                family.load(values, numbers.bounds, numbers.counts, numbers.total)
            elif isinstance(family, SummaryFamily):
                family.load(values, numbers.counts[0], numbers.total)
            else:
                family.load(values, numbers.total)
            if not number % _STEP:
                yield None
        yield family


class Merge:
    """One scrape's. `before`: what kind the families of the scrape before had, which keep their names against others."""

    def __init__(self, registry: Registry, budget: LabelBudget, before: Mapping[str, Kind]) -> None:
        self._registry = registry
        self._budget = budget
        self._before = before
        self._found: dict[str, Found] = {}
        self._sample_names: dict[str, str] = {}
        self._folded: defaultdict[str, Counter[str]] = defaultdict(Counter)

    def take(self, origin: Origin, exposed: Exposed) -> None:
        """A piece of a worker's answer."""
        for family in exposed.families:
            try:
                found = self._home(origin, family)
                if found is not None:
                    self._fill(found, origin, family)
            except ValueError as error:
                self._warn(origin, family.name, str(error))

    def families(self) -> Iterator[AnyFamily | None]:
        """All that was found, once; None, for a pause, after each piece of work."""
        for worker, folded in self._folded.items():
            self._budget.settle(worker, folded)
        while self._found:
            found = self._found.pop(next(iter(self._found)))  # freed one by one: all at once would take milliseconds
            if found.rows:
                yield from found.family()

    def _home(self, origin: Origin, family: ExposedFamily) -> Found | None:
        """Where it goes; None over the most families a model. Raises ValueError where its name or kind cannot be had."""
        name = metric_name(family.name)
        found = self._found.get(name)
        kind = found.kind if found is not None else self._before.get(name, family.kind)
        if kind != family.kind:
            raise ValueError(f"it is a {family.kind}, and {name} is a {kind} of another model or handler already")
        if not self._budget.admits_family(origin.model, name):
            self._folded[origin.worker][OTHER] += len(family.series)
            return None
        return found or self._found_first(name, family)

    def _found_first(self, name: str, family: ExposedFamily) -> Found:
        if family.kind not in KINDS:
            raise ValueError(f"its type {family.kind!r} is none of {', '.join(sorted(KINDS))}")
        definition = Definition(name, cast("Kind", family.kind), "", BASE, family.help)
        names = {name, *definition.sample_names}
        taken = name if name in BY_NAME else self._registry.taken_by(definition)
        for sample_name in names:
            taken = taken or self._sample_names.get(sample_name, "")
        if taken:
            raise ValueError(f"its name is taken by {taken}")
        self._sample_names.update(dict.fromkeys(names, name))
        found = self._found[name] = Found(name, definition.kind, family.help)
        return found

    def _fill(self, found: Found, origin: Origin, family: ExposedFamily) -> None:
        places = found.places(family.labels)
        if places is None:
            raise ValueError(f"it has more than {_MOST_LABELS} labels, or one of them twice")
        straight = places == list(range(len(places)))
        for series in family.series:
            try:
                if len(series.values) != len(places):
                    raise ValueError(f"it has {len(places)} labels and {len(series.values)} values")
                numbers = _numbers(found.kind, series)
                values = series.values if straight else _placed(series.values, places)
                row = self._row(found, origin, tuple(values))
                if row is not None:
                    found.put(row, numbers)
            except ValueError as error:
                self._warn(origin, family.name, f"{error}, in the series of {series.values}")

    def _row(self, found: Found, origin: Origin, values: tuple[str, ...]) -> tuple[str, ...] | None:
        """Where a series goes: `other` over the budget, None where a sum with others would mean nothing."""
        while values and not values[-1]:
            values = values[:-1]
        if self._budget.admits(origin.model, found.name, values):
            return origin + values
        self._folded[origin.worker][found.name] += 1
        if found.kind in ("gauge", "unknown"):
            return None
        return origin + (OTHER,) * len(found.labels)

    def _warn(self, origin: Origin, name: str, why: str) -> None:
        text = f"metric {name!r} of model {origin.model}, from prometheus_client, is left out: {why}"
        self._registry.warn_once(f"passthrough:{origin.model}:{name}", text)


def _placed(values: list[str], places: list[int]) -> list[str]:
    row = [""] * (max(places) + 1)
    for place, value in zip(places, values, strict=True):
        row[place] = value
    return row


def _numbers(kind: Kind, series: ExposedSeries) -> Numbers:
    """Its numbers. Raises ValueError where they are none that this kind can have."""
    if kind == "histogram":
        return _buckets(series)
    if kind == "summary":
        if not 0 <= series.count < math.inf:
            raise ValueError(f"its count is {series.count}")
        return Numbers(series.value, (), (series.count,))
    if kind == "counter" and not series.value >= 0:
        raise ValueError(f"a counter cannot be {series.value}")
    return Numbers(series.value)


def _buckets(series: ExposedSeries) -> Numbers:
    """Counts by bucket of cumulative ones; the last bucket is +Inf's, told or not."""
    buckets = sorted(series.buckets)
    if buckets and buckets[-1][0] == math.inf:
        *buckets, (_, count) = buckets
    else:
        count = series.count
    cumulative = [0.0, *(number for _, number in buckets), count]
    if not all(less <= more < math.inf for less, more in pairwise(cumulative)):
        raise ValueError(f"its buckets do not grow: {series.buckets}")
    bounds = tuple(bound for bound, _ in buckets)
    if not all(math.isfinite(bound) for bound in bounds) or len(set(bounds)) != len(bounds):
        raise ValueError(f"its bounds are no different numbers: {bounds}")
    return Numbers(series.value, bounds, tuple(more - less for less, more in pairwise(cumulative)))
