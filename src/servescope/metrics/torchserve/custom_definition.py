"""What a handler's metric is shown as.

In: its kind, name, unit and dimensions, as a handler or metrics.yaml writes them. Out: a `Definition`, and labels. Called by
`custom_families` and `metrics_yaml`.
"""

from collections.abc import Sequence

from servescope.metrics.definitions import Definition, Kind
from servescope.metrics.instruments.escaping import label_name
from servescope.metrics.torchserve.units import buckets_for
from servescope.wire.measured.names import metric_name

HOSTNAME = "Hostname"


def exposed_labels(kind: str, dimensions: Sequence[str]) -> list[str]:
    """The labels that a handler's dimensions are shown under, Hostname aside, which is the server's to say."""
    labels = [label_name(dimension) for dimension in dimensions if dimension != HOSTNAME]
    return ["exported_le" if label == "le" else label for label in labels] if kind == "histogram" else labels


def custom_definition(kind: Kind, name: str, unit: str, dimensions: Sequence[str]) -> Definition:
    """The definition of a handler's metric: valid names, `Hostname` last, buckets that follow the unit."""
    text = f"{name} in {unit or 'no unit'}, as the handler measures it in the worker."
    buckets = buckets_for(unit) if kind == "histogram" else ()
    labels = (*exposed_labels(kind, dimensions), HOSTNAME)
    return Definition(
        metric_name(name),
        kind,
        unit,
        labels,
        text,
        "Read from the workers at each scrape, and at their end.",
        buckets,
    )
