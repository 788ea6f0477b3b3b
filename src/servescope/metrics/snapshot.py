"""The registry at one moment, typed: in, families by name; out, frozen numbers, for whoever decides or shows something by them.

Asked by `console` on the loop's thread, a moment after the recorder has settled. It reads what a scrape would show, so what is made
of it and `/metrics` agree, and what is measured but left out of scrapes by `metrics_mode` or metrics.yaml. Nobody inside the server
parses the text of a scrape.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Generator, Iterable, Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from typing import Final

from msgspec import Struct, field
from msgspec.structs import replace

from servescope.metrics.definitions import Kind
from servescope.metrics.instruments import AnyFamily, Counter, Gauge, Histogram
from servescope.metrics.registry import Registry

Labels = tuple[str, ...]
# So many series are read before others have their turn: to fold that many histograms takes a fraction of a millisecond.
AT_ONCE: Final = 32


class HistogramState(Struct, frozen=True):
    """A histogram's counts of values up to each bound and of all, and their sum, in the family's unit."""

    bounds: tuple[float, ...]
    cumulative: tuple[int, ...]
    sum: float

    @property
    def count(self) -> int:
        """How many values there were."""
        return self.cumulative[-1]

    @property
    def counts(self) -> list[int]:
        """By bucket, the last one above all bounds."""
        return [more - less for less, more in pairwise((0, *self.cumulative))]


class FamilyState(Struct, frozen=True, dict=True):
    """One family: its series by their labels' values, in the order of `labels`. `numbers` are those of counters and gauges."""

    name: str
    kind: Kind
    labels: tuple[str, ...]
    numbers: Mapping[Labels, float] = field(default_factory=dict)
    histograms: Mapping[Labels, HistogramState] = field(default_factory=dict)

    def place(self, label: str) -> int:
        """Where a label stands among the values. Raises ValueError where there is none of this name."""
        return self.labels.index(label)

    @cached_property
    def by_model(self) -> Mapping[Labels, Mapping[Labels, float]]:
        """`numbers` by the model and version that they are of; for a family whose first two labels these are."""
        found: defaultdict[Labels, dict[Labels, float]] = defaultdict(dict)
        for values, value in self.numbers.items():
            found[values[:2]][values] = value
        return found


class Snapshot(Struct, frozen=True):
    """`at`: seconds since 1970. `families` are those that were asked for and that are measured."""

    at: float
    families: Mapping[str, FamilyState]

    def number(self, name: str, *values: str) -> float | None:
        """A counter or gauge, by its labels' values; None where it is not there."""
        family = self.families.get(name)
        return None if family is None else family.numbers.get(values)

    def of_model(self, name: str, model: str, version: str) -> Mapping[Labels, float]:
        """One model version's counters or gauges of a family, by all values of their labels; none where it is not there."""
        family = self.families.get(name)
        return {} if family is None else family.by_model.get((model, version), {})

    def of_host(self, hostname: str) -> "Snapshot":
        """Without what is measured of other hosts, on which workers run."""
        return replace(self, families={name: _of_host(family, hostname) for name, family in self.families.items()})

    def histogram(self, name: str, *values: str) -> HistogramState | None:
        """A histogram, by its labels' values; None where it is not there."""
        family = self.families.get(name)
        return None if family is None else family.histograms.get(values)


def _of_host(family: FamilyState, hostname: str) -> FamilyState:
    if "Hostname" not in family.labels:
        return family
    place = family.place("Hostname")
    numbers = {values: value for values, value in family.numbers.items() if values[place] == hostname}
    return replace(family, numbers=numbers)


def take(registry: Registry, names: Iterable[str], at: float) -> Snapshot:
    """These families as they are now; `at`: this moment in seconds since 1970. Values that are NaN are left out."""
    steps = taking(registry, names, at)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            found: Snapshot = end.value
            return found


def taking(registry: Registry, names: Iterable[str], at: float) -> Generator[None, None, Snapshot]:
    """The same, some series at a time, with others let run in between: they are of moments a little apart."""
    yield from registry.prepare()
    found = {}
    for name in names:
        if (family := registry.measured(name)) is not None:
            found[name] = yield from _reading(family)
    return Snapshot(at, found)


def _reading(family: AnyFamily) -> Generator[None, None, FamilyState]:
    definition = family.definition
    numbers: dict[Labels, float] = {}
    histograms: dict[Labels, HistogramState] = {}
    for number, (values, series) in enumerate(list(family.series.items())):
        key = definition.shown(values)
        if isinstance(series, Histogram):
            histograms[key] = HistogramState(series.bounds, series.cumulative, series.sum)
        elif isinstance(series, Counter | Gauge) and (value := series.value) == value:
            numbers[key] = value
        if not number % AT_ONCE:
            yield
    return FamilyState(definition.name, definition.kind, definition.labels, numbers, histograms)


def quantile(share: float, bounds: Sequence[float], counts: Sequence[float]) -> float | None:
    """What this share of the values kept to, by linear interpolation in its bucket, as Prometheus' histogram_quantile has it.

    `counts` by bucket, one more than `bounds`; a value above all bounds is said to be the last bound. None: there are no values.
    """
    total = sum(counts)
    if total <= 0 or not bounds:
        return None
    cumulative, so_far = [], 0.0
    for count in counts:
        so_far += count
        cumulative.append(so_far)
    rank = share * total
    index = bisect_left(cumulative, rank)
    if index >= len(bounds):
        return bounds[-1]
    lower = bounds[index - 1] if index else min(0.0, bounds[0])
    below = cumulative[index - 1] if index else 0.0
    return lower + (bounds[index] - lower) * (rank - below) / counts[index] if counts[index] else bounds[index]
