"""Registries for the tests of the renderers: families of every kind, filled with whatever hypothesis thinks of."""

import math

from hypothesis import strategies as st

from servescope.metrics.definitions import Definition
from servescope.metrics.registry import Registry

KINDS = ("counter", "gauge", "histogram", "summary", "unknown")
texts = st.text(st.characters(codec="utf-8"), max_size=12)
floats = st.floats(allow_nan=True, allow_infinity=True)
# Names that are each other's samples in OpenMetrics, among others.
names = st.builds(
    "{}{}".format,
    st.sampled_from(["a", "b:", "_", "a_seconds"]),
    st.sampled_from(["", "_total", "_created", "_info", "_count", "_sum", "_bucket", "_total_total", "_seconds"]),
)
bounds = st.lists(st.floats(-1e9, 1e9) | st.integers(-3, 3).map(float), unique=True, max_size=5).map(
    lambda values: tuple(sorted({value + 0.0 for value in values}))
)


@st.composite
def definitions(draw, kinds=KINDS):
    kind = draw(st.sampled_from(kinds))
    labels = tuple(draw(st.lists(st.sampled_from(["x", "y", "zed", "w"]), unique=True)))
    unit = draw(st.sampled_from(["", "seconds", "total", "Count"]))
    buckets = draw(bounds) if kind == "histogram" else ()
    return Definition(draw(names), kind, unit, labels, draw(texts), "", buckets)


def write(registry: Registry, definition: Definition, values: list[str], numbers: list[float]) -> None:
    """One series with these label values and observations, or the last of these numbers."""
    series = registry.find(definition.name).labels(*values)
    if definition.kind in ("histogram", "summary"):
        for index, number in enumerate(numbers):
            series.observe_marked(number, ("request_id", values[0] if values else "r", 1e9 + index))
    elif numbers and (definition.kind != "counter" or numbers[-1] >= 0):
        series.value = numbers[-1]


@st.composite
def registries(draw, kinds=KINDS):
    """A registry, and what it holds: (definition, label values, numbers) of each series."""
    registry = Registry([])
    held = []
    for definition in draw(st.lists(definitions(kinds), max_size=5)):
        if registry.taken_by(definition):
            continue
        registry.add(definition)
        label_values = st.lists(texts, min_size=len(definition.labels), max_size=len(definition.labels))
        for values in draw(st.lists(label_values, max_size=3, unique_by=tuple)):
            numbers = draw(st.lists(floats, max_size=6))
            write(registry, definition, values, numbers)
            held.append((definition, tuple(values), numbers))
    return registry, held


def counted(numbers: list[float]) -> list[float]:
    """What a histogram counts of these."""
    return [number for number in numbers if not math.isnan(number)]
