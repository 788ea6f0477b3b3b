"""Percentiles over 5 minutes: in, a histogram, names and the histograms' form; out, their recordings.

Called by `requests` and `llm`. In the classic form the buckets' rates are recorded once, and percentiles read from them. In
the native form no histogram is recorded: older Prometheus, 2.42 for one, now and then refuses it for a rounding error in
its sum (until prometheus/prometheus#12739), and each gap would let an alert begin anew. It is one series a model there, and
cheap to read.
"""

from typing import Final

from servescope.operate.promql import Form, Recording, Selector, quantile, quantile_of, sum_by, sum_gained
from servescope.operate.recordings.levels import INSTANCE_MODEL, MODEL

_WINDOW: Final = "5m"


def percentile_recordings(
    histogram: Selector, buckets_name: str, shares: tuple[float, ...], form: Form
) -> tuple[Recording, ...]:
    """`model:FAMILY:pNN_5m` for each share, from 0 to 1, and what they are read from, `buckets_name`, where it is recorded."""
    names = [f"model:{histogram.name}:p{round(share * 100)}_5m" for share in shares]
    if form == "native":
        percentiles = [quantile(share, histogram, _WINDOW, MODEL, form) for share in shares]
        return tuple(map(Recording, names, percentiles))
    buckets = Recording(buckets_name, sum_gained(histogram.bucket, _WINDOW, *INSTANCE_MODEL, "le"))
    percentiles = [quantile_of(share, sum_by(buckets.read.now, *MODEL, "le")) for share in shares]
    return (buckets, *map(Recording, names, percentiles))
