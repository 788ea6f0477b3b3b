"""The instruments by one name: what `recorder`, `custom`, the collectors and the renderers import.

Nothing flows here: scalars, histograms and families are each in the module of that name.
"""

from servescope.metrics.instruments.families import (
    AnyFamily,
    Collectable,
    CounterFamily,
    Family,
    GaugeFamily,
    HistogramFamily,
    ScalarFamily,
    SummaryFamily,
    UnknownFamily,
    make_family,
)
from servescope.metrics.instruments.histogram import Exemplar, Histogram, Mark
from servescope.metrics.instruments.native import NativeCounts
from servescope.metrics.instruments.scalars import Counter, Gauge, ReadCounter, ReadGauge

__all__ = [
    "AnyFamily",
    "Collectable",
    "Counter",
    "CounterFamily",
    "Exemplar",
    "Family",
    "Gauge",
    "GaugeFamily",
    "Histogram",
    "HistogramFamily",
    "Mark",
    "NativeCounts",
    "ReadCounter",
    "ReadGauge",
    "ScalarFamily",
    "SummaryFamily",
    "UnknownFamily",
    "make_family",
]
