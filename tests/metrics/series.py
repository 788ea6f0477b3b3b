"""What a registry shows of one family, as a scrape would find it."""

from servescope.metrics.instruments.families import AnyFamily
from servescope.metrics.registry import Registry


def family(registry: Registry, name: str) -> AnyFamily:
    """The family that is shown under this name; a KeyError where none is."""
    return {one.definition.name: one for one in registry.collect()}[name]


def series(registry: Registry, name: str) -> dict[tuple[str, ...], float]:
    """The values of counters or gauges, by their labels."""
    return {labels: one.value for labels, one in family(registry, name).series.items()}  # type: ignore[union-attr]
