"""A model's own metrics, as its handler emits them: names made valid, conflicts dropped, label values under a budget.

In: `MetricUpdate`s that workers send with their replies. Out: series in the registry, `Hostname` appended to their
labels. Called by `recorder`; one `CustomMetrics` a model name, kept for good, so that registering anew does not
renew the budget. A bad update is dropped with one logged warning, never raised: measurements must not fail requests.
"""

import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from servescope.metrics.definitions import BY_NAME, Definition, Kind
from servescope.metrics.instruments import AnyFamily
from servescope.metrics.instruments.escaping import label_name, metric_name
from servescope.metrics.registry import Registry
from servescope.metrics.torchserve.units import buckets_for
from servescope.wire.messages import DROPPED, ROOM, MetricUpdate

OTHER = "other"
HOSTNAME = "Hostname"
_LEVELS = ("Model", "Host", "Error")


def _add(series: Any, value: float) -> bool:
    """Whether a counter can have it: it never shrinks, and one that is infinite once would stay so."""
    if not 0.0 <= value <= sys.float_info.max - series.value:
        return False
    series.value += value
    return True


def _set(series: Any, value: float) -> bool:
    series.value = value
    return True


def _observe(series: Any, value: float) -> bool:
    """Whether it is a number: NaN lies in no bucket, and after an infinity the sum would never be one again."""
    if not math.isfinite(value):
        return False
    series.observe(value)
    return True


_WRITES: dict[str, Callable[[Any, float], bool]] = {"counter": _add, "gauge": _set, "histogram": _observe}


@dataclass(slots=True)
class Binding:
    """What one (kind, name, dimensions) of updates writes to. `kept`: positions of the dimensions that became
    labels.
    """

    family: AnyFamily
    kept: tuple[int, ...]
    write: Callable[[Any, float], bool]
    series: dict[tuple[str, ...], Any] = field(default_factory=dict)


def custom_definition(kind: Kind, name: str, unit: str, dimensions: Sequence[str]) -> Definition:
    """The definition of a handler's metric: valid names, `Hostname` last, buckets that follow the unit."""
    valid = metric_name(name)
    labels = [label_name(dimension) for dimension in dimensions if dimension != HOSTNAME]
    if kind == "histogram":
        labels = ["exported_le" if label == "le" else label for label in labels]
    text = f"{name} in {unit or 'no unit'}, as the handler measures it in the worker."
    buckets = buckets_for(unit) if kind == "histogram" else ()
    return Definition(
        valid, kind, unit, (*labels, HOSTNAME), text, "Read from the worker at each scrape, and at its end.", buckets
    )


class CustomMetrics:
    """The custom metrics of one model name, all its versions."""

    __slots__ = ("_bindings", "_budget", "_dropped", "_hostname", "_model", "_registry")

    def __init__(self, registry: Registry, hostname: str, model: str) -> None:
        self._registry = registry
        self._hostname = hostname
        self._model = model
        self._budget = registry.series_budget
        self._bindings: dict[tuple[str, ...], Binding | None] = {}
        self._dropped = registry.counter("servescope_series_dropped_total")

    def apply(self, updates: Sequence[MetricUpdate]) -> None:
        """Write these updates, in order."""
        for update in updates:
            if update.kind == DROPPED:
                self._count_dropped(update)
                continue
            key = (update.kind, update.name, *update.dimensions)
            binding = self._bindings[key] if key in self._bindings else self._bind(key, update)
            if binding is None:
                continue
            series = binding.series.get(tuple(update.values))
            if series is None:
                series = self._series(binding, update)
            if series is None:
                continue
            if update.folded:
                self._dropped.labels(binding.family.definition.name).value += update.writes
            if update.distribution is not None:
                series.merge(update.distribution)
            elif not binding.write(series, update.value):
                why = f"a {update.kind} cannot take {update.value}, which is left out"
                self._registry.warn_once(
                    f"value:{self._model}:{update.name}", f"metric {update.name!r} of model {self._model}: {why}"
                )

    def _count_dropped(self, update: MetricUpdate) -> None:
        """The worker took some writes for nothing, and has told the handler so."""
        self._dropped.labels(OTHER).value += update.value
        if update.unit == ROOM:
            text = f"model {self._model} measures more than a worker has room for; what is over is dropped"
            self._registry.warn_once(f"room:{self._model}", text)

    def _bind(self, key: tuple[str, ...], update: MetricUpdate) -> Binding | None:
        """Find or make the family. None, remembered, where it cannot be had; over the budget None without
        remembering.
        """
        if len(self._bindings) >= self._budget:
            self._dropped.labels(OTHER).value += update.writes
            text = f"model {self._model} has {self._budget} metrics; {update.name!r} and further ones are dropped"
            self._registry.warn_once(f"metrics:{self._model}", text)
            return None
        binding = None
        if update.kind not in _WRITES:
            self._warn(update, f"its type {update.kind!r} is none of counter, gauge, histogram")
        elif (family := self._family(update)) is not None:
            kept = tuple(i for i, dimension in enumerate(update.dimensions) if dimension != HOSTNAME)
            binding = Binding(family, kept, _WRITES[update.kind])
        self._bindings[key] = binding
        return binding

    def _family(self, update: MetricUpdate) -> AnyFamily | None:
        """The family for this metric; None, with a warning, where its name stands for something else."""
        definition = custom_definition(update.kind, update.name, update.unit, update.dimensions)  # type: ignore[arg-type]
        if len(set(definition.labels)) != len(definition.labels):
            self._warn(update, f"its dimensions {update.dimensions} are not distinct")
            return None
        builtin = BY_NAME.get(definition.name)
        if builtin is not None and "ModelName" not in builtin.labels:
            self._warn(update, "its name is the server's own")
            return None
        found = self._registry.find(definition.name)
        if (
            found is not None
            and found.definition.kind == definition.kind
            and found.definition.labels == definition.labels
        ):
            return found
        if taken := self._registry.taken_by(definition):
            self._warn(update, f"its name is taken by {taken} with another type or other dimensions")
            return None
        if definition.name != update.name:
            text = f"metric {update.name!r} of model {self._model} is exposed as {definition.name}"
            self._registry.warn_once(f"name:{update.name}", text)
        return self._registry.add(definition)

    def _series(self, binding: Binding, update: MetricUpdate) -> Any:
        """The series for these label values, `other` where the budget is used up, None where values are missing."""
        if len(update.values) != len(update.dimensions):
            self._warn(update, f"it has dimensions {update.dimensions} and values {update.values}")
            return None
        if len(binding.series) < self._budget:
            chosen = [update.values[i] for i in binding.kept]
            series = binding.family.labels(*chosen, self._hostname)
            binding.series[tuple(update.values)] = series
            return series
        family = binding.family.definition.name
        if not update.folded:
            self._dropped.labels(family).value += update.writes
        text = (
            f"metric {family} of model {self._model} has {self._budget} series; further label values become {OTHER!r}"
        )
        self._registry.warn_once(f"series:{self._model}:{family}", text)
        folded = [self._fold(update.dimensions[i], update.values[i]) for i in binding.kept]
        return binding.family.labels(*folded, self._hostname)

    def _fold(self, dimension: str, value: str) -> str:
        """What is left of a label value past the budget: only the few that the server itself would give."""
        mine = (dimension == "ModelName" and value == self._model) or (dimension == "Level" and value in _LEVELS)
        return value if mine else OTHER

    def _warn(self, update: MetricUpdate, why: str) -> None:
        text = f"metric {update.name!r} of model {self._model} is dropped: {why}"
        self._registry.warn_once(f"dropped:{self._model}:{update.name}", text)
