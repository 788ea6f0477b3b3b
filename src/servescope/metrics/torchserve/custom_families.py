"""The families that handlers write to through `context.metrics`: found or made by name, and kept no longer than models need them.

In: what a handler says of a metric. Out: a `CustomFamily`, which the registry shows. One a server, owned by `recorder`; called by
`custom`.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from servescope.metrics.definitions import BY_NAME, Definition
from servescope.metrics.instruments import AnyFamily
from servescope.metrics.label_budget import LabelBudget
from servescope.metrics.registry import Registry
from servescope.metrics.torchserve.custom_definition import custom_definition
from servescope.metrics.torchserve.custom_family import CustomFamily, Owner, Refused
from servescope.wire.measured.names import metric_name
from servescope.wire.measured.update import MetricUpdate

KINDS = ("counter", "gauge", "histogram")


class CustomFamilies:
    """See the module. `budget`: what each model may choose."""

    def __init__(self, registry: Registry, hostname: str) -> None:
        self.registry = registry
        self.hostname = hostname
        self.budget = LabelBudget(registry, registry.series_budget)
        self._families: dict[str, CustomFamily] = {}
        registry.when_forgotten(self._forget)

    def find(self, update: MetricUpdate, model: str) -> CustomFamily:
        """The family of this metric of the model, made where there is none. Raises Refused where its name is something else's."""
        if update.kind not in KINDS:
            raise Refused("name", f"its type {update.kind!r} is none of {', '.join(KINDS)}")
        name = metric_name(update.name)
        found = self._families.get(name)
        if found is None:
            found = self._families[name] = self._make(name, update, model)
        if found.family.definition.kind != update.kind:
            raise Refused("name", f"its name is taken by {name}, which is a {found.family.definition.kind}")
        return found

    def prediction_time(self) -> CustomFamily:
        """TorchServe's PredictionTime, which the server writes; a handler may too."""
        return self.find(MetricUpdate("gauge", "PredictionTime", "", [], [], 0.0, ""), "")

    def release(self, owner: Owner) -> None:
        """A model version has gone. The gauges that nobody else writes go with it; what only grows stays, as in TorchServe."""
        for family in self._families.values():
            if family.family.definition.kind == "gauge":
                family.release(lambda one: one == owner)

    def _forget(self, model: str) -> None:
        """Keep nothing of the model, and no family that it alone had."""
        for name, family in list(self._families.items()):
            family.release(lambda one: one[0] == model)
            if not family.fixed and not family.family.series:
                del self._families[name]
                self.registry.discard(name)

    def _make(self, name: str, update: MetricUpdate, model: str) -> CustomFamily:
        built_in = BY_NAME.get(name)
        if built_in is not None:
            if "ModelName" not in built_in.labels:
                raise Refused("name", "its name is the server's own")
            return self._declared(self.registry.gauge(name), built_in.labels[:-1])
        if found := self.registry.find(name):
            return self._declared(found)
        definition = self._definition(update)
        if taken := self.registry.taken_by(definition):
            raise Refused("name", f"its name is taken by {taken}")
        if name != update.name:
            text = f"metric {update.name!r} of model {model} is exposed as {name}"
            self.registry.warn_once(f"name:{update.name}", text, model)
        return CustomFamily(self.registry.add(definition), {}, self.hostname, fixed=False)

    def _definition(self, update: MetricUpdate) -> Definition:
        """Of a metric that nobody declared, in its first unit and with no dimensions yet."""
        definition = custom_definition(update.kind, update.name, update.unit, ())  # type: ignore[arg-type]
        bounds = self.registry.buckets.get(definition.name.lower())
        return replace(definition, buckets=bounds) if bounds and definition.kind == "histogram" else definition

    def _declared(self, family: AnyFamily, canonical: Sequence[str] = ()) -> CustomFamily:
        """One that metrics.yaml or this server declares. `canonical`: this server's names of its dimensions, in the order of its
        writers; metrics.yaml may call them something else.
        """
        *labels, _hostname = family.definition.labels
        order = family.definition.order or range(len(labels))
        places = dict(zip(labels, order, strict=False))
        places.update({label: place for place, label in enumerate(canonical)})
        return CustomFamily(family, places, self.hostname, fixed=True)
