"""A sample's name → the family that it is of, and the labels that it has in Prometheus. Used by the tests of pages with PromQL."""

from docs.promql import PARTS
from servescope.metrics.definitions import BY_NAME
from servescope.metrics.definitions.definition import Definition

# What Prometheus adds to every series that it scrapes.
TARGET = {"job", "instance"}


def family(name: str) -> Definition | None:
    """The family that a sample's name is of, native histograms' own name included; None for none."""
    for part in PARTS:
        whole = BY_NAME.get(name.removesuffix(part))
        if name.endswith(part) and whole is not None and whole.kind == "histogram":
            return whole
    return BY_NAME.get(name)


def labels(name: str) -> set[str]:
    """The labels that a sample of this name has in Prometheus."""
    found = family(name)
    assert found is not None, name
    return {*found.labels, *TARGET, *(["le"] if name.endswith("_bucket") else [])}
