"""A model's own metrics, as its handler emits them: names made valid, dimensions by name, values in the metric's unit, conflicts
left out, label values under a budget.

In: `MetricUpdate`s, read from what workers have measured. Out: series in the registry. Called by `recording.model`; one
`CustomMetrics` a model version. What cannot be shown as it came is counted, with one logged warning, and never raises:
measurements must not fail requests.
"""

import math
import sys
from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct, field

from servescope.metrics.drops import OTHER
from servescope.metrics.torchserve.custom_definition import HOSTNAME, exposed_labels
from servescope.metrics.torchserve.custom_families import CustomFamilies
from servescope.metrics.torchserve.custom_family import CustomFamily, Owner, Refused
from servescope.metrics.torchserve.units import Conversion
from servescope.wire.measured.distribution import Distribution
from servescope.wire.measured.names import metric_name
from servescope.wire.measured.update import DROPPED, ROOM, MetricUpdate

# Those that the server and its API give.
_LEVELS = ("Model", "Host", "Error")
# Ways to write that are remembered: kinds, names, units and orders of dimensions. Handlers choose them.
_MOST_BINDINGS = 4096
# Up to this size no number of observations that a server lives to see has an infinite sum.
_LARGE = 1e280


def _add(series: Any, value: float, order: float) -> bool:
    """Whether a counter can have it: it never shrinks, and one that is infinite once would stay so."""
    del order
    if not 0.0 <= value <= sys.float_info.max - series.value:
        return False
    series.value += value
    return True


def _set(series: Any, value: float, order: float) -> bool:
    """Unless the gauge was written later: several workers and versions may have it, which are read one after the other."""
    if order >= series.order:
        series.value, series.order = value, order
    return True


def _observe(series: Any, value: float, order: float) -> bool:
    """Whether it is a number: NaN lies in no bucket, and after an infinity the sum would never be one again."""
    del order
    if not math.isfinite(value) or (abs(value) > _LARGE and not math.isfinite(series.sum + value)):
        return False
    series.observe(value)
    return True


def _merge(series: Any, more: Distribution) -> bool:
    """Whether a histogram can have all this, as in `_observe`."""
    if not math.isfinite(series.sum + more.sum):
        return False
    series.merge(more)
    return True


_WRITES: dict[str, Callable[[Any, float, float], bool]] = {"counter": _add, "gauge": _set, "histogram": _observe}


class Binding(Struct):
    """What one (kind, name, unit, dimensions) of updates writes to. `kept`: positions of the dimensions that became labels,
    `places`: where these stand among the family's, which has `width` of them.
    """

    home: CustomFamily
    width: int
    kept: tuple[int, ...]
    places: tuple[int, ...]
    unit: Conversion
    write: Callable[[Any, float, float], bool]
    series: dict[tuple[str, ...], Any] = field(default_factory=dict)

    def values(self, given: Sequence[str]) -> list[str]:
        """An update's label values in the family's order."""
        row = [""] * self.width
        for place, position in zip(self.places, self.kept, strict=True):
            row[place] = given[position]
        return row


class Refusal(Struct, frozen=True):
    """Why nothing, or something else, comes of updates: `family` is what they are counted under, `reason` one of DROP_REASONS."""

    family: str
    reason: str
    why: str


class CustomMetrics:
    """The custom metrics of one model version. Its budget is that of all versions."""

    __slots__ = ("_bindings", "_budget", "_drops", "_families", "_name", "_version", "_warn_once")

    def __init__(self, families: CustomFamilies, name: str, version: str) -> None:
        self._families = families
        self._name = name
        self._version = version
        self._budget = families.budget
        self._drops = families.registry.drops
        self._warn_once = families.registry.warn_once
        self._bindings: dict[tuple[str, ...], Binding | Refusal] = {}

    def apply(self, updates: Sequence[MetricUpdate]) -> None:
        """Write these updates, in order."""
        for update in updates:
            if update.kind == DROPPED:  # said in the model log already
                self._note_dropped(update)
                continue
            key = (update.kind, update.name, update.unit, *update.dimensions)
            binding = self._bindings.get(key)
            if binding is None or (type(binding) is Binding and binding.width != binding.home.width):
                binding = self._bind(key, update)
            refusal = binding if isinstance(binding, Refusal) else self._write(binding, update)
            if refusal is not None:
                self._drop(update, refusal)

    def _note_dropped(self, update: MetricUpdate) -> None:
        """The worker took some writes for nothing."""
        self._drops.count(metric_name(update.name), update.unit, self._name, update.value)
        if update.unit == ROOM:  # what is the handler's fault its model log says
            text = f"model {self._name} measures more than a worker has room for; what is over is dropped"
            self._warn_once(ROOM, text, self._name)

    def prediction_time(self) -> Any:
        """The gauge of TorchServe's PredictionTime, which goes with this version, unless another one has it."""
        return self._families.prediction_time().bind((self._name, "Model"), (self._name, self._version))

    def release(self) -> None:
        """The version has gone, and its gauges go with it."""
        self._bindings.clear()
        self._families.release((self._name, self._version))

    def _bind(self, key: tuple[str, ...], update: MetricUpdate) -> Binding | Refusal:
        """What this kind of update writes to, from now on, or why it does not."""
        if len(self._bindings) >= _MOST_BINDINGS:
            self._bindings.clear()
        family = metric_name(update.name)
        made: Binding | Refusal
        if not self._budget.admits_family(self._name, family):
            made = Refusal(OTHER, "metric_budget", "")
        else:
            try:
                made = self._found(update)
            except Refused as refused:  # not for ever: who has the name, the unit or the dimensions may go
                return Refusal(family, refused.reason, str(refused))
        self._bindings[key] = made
        return made

    def _found(self, update: MetricUpdate) -> Binding:
        home = self._families.find(update, self._name)
        unit = home.conversion(update.unit)
        places = home.places(exposed_labels(update.kind, update.dimensions))
        kept = tuple(i for i, dimension in enumerate(update.dimensions) if dimension != HOSTNAME)
        return Binding(home, home.width, kept, places, unit, _WRITES[update.kind])

    def _write(self, binding: Binding, update: MetricUpdate) -> Refusal | None:
        """Write it; whether something was wrong with it."""
        folded = Refusal(binding.home.name, "series_budget", "") if update.folded else None
        series = binding.series.get(tuple(update.values))
        if series is None:
            if len(update.values) != len(update.dimensions):
                why = f"it has dimensions {update.dimensions} and values {update.values}"
                return Refusal(binding.home.name, "dimensions", why)
            series = self._series(binding, update.values)
        if series is None:
            folded = Refusal(binding.home.name, "series_budget", "")
            given = [self._fold(*pair) for pair in zip(update.dimensions, update.values, strict=True)]
            series = binding.home.bind(binding.values(given), self._owner(update.kind))
        if self._taken(binding, series, update):
            return folded
        return Refusal(binding.home.name, "value", f"a {update.kind} cannot take {update.value}")

    def _taken(self, binding: Binding, series: Any, update: MetricUpdate) -> bool:
        times, per = binding.unit
        if update.distribution is not None:
            return _merge(series, update.distribution.scaled(times / per))
        value = update.value * times / per
        too_large = math.isinf(value) and not math.isinf(update.value)
        return not too_large and binding.write(series, value, update.order)

    def _series(self, binding: Binding, given: Sequence[str]) -> Any:
        """The series with these values, from now on; None where the budget is used up."""
        values = binding.values(given)
        if not self._budget.admits(self._name, binding.home.name, tuple(values)):
            return None
        series = binding.home.bind(values, self._owner(binding.home.family.definition.kind))
        binding.series[tuple(given)] = series
        return series

    def _owner(self, kind: str) -> Owner:
        """Who must go for a series to go: gauges go with the version, what only grows stays as long as the name is known."""
        return (self._name, self._version if kind == "gauge" else "")

    def _fold(self, dimension: str, value: str) -> str:
        """What is left of a label value past the budget: only the few that the server itself would give."""
        mine = (dimension == "ModelName" and value == self._name) or (dimension == "Level" and value in _LEVELS)
        return value if mine else OTHER

    def _drop(self, update: MetricUpdate, refusal: Refusal) -> None:
        """Count it, and say why, once a metric and reason; what is over a budget the budget says."""
        self._drops.count(refusal.family, refusal.reason, self._name, update.writes)
        if refusal.why:
            text = f"metric {update.name!r} of model {self._name} is left out, wholly or in part: {refusal.why}"
            self._warn_once(f"{refusal.reason}:{update.name}", text, self._name)
