"""Snapshots: the registry's numbers as a scrape shows them, and quantiles as Prometheus reads them off buckets."""

import math

from hypothesis import given
from hypothesis import strategies as st

from servescope.metrics.recording.recorder import Recorder
from servescope.metrics.registry import Registry
from servescope.metrics.snapshot import quantile, take

NAMES = ("servescope_request_duration_seconds", "servescope_requests_total", "servescope_queue_depth", "nothing")


def test_what_it_has():
    """Families that were asked for and are shown, by the values of their labels; gauges that are NaN are left out."""
    registry = Registry()
    Recorder(registry, "h").model("m", "1")
    registry.counter("servescope_requests_total").labels("m", "1", "rest", "predict", "200").value = 3.0
    registry.histogram("servescope_request_duration_seconds").labels("m", "1", "ok").observe(0.3)
    registry.gauge("servescope_queue_depth").read(lambda: math.nan, "m", "1")
    snapshot = take(registry, NAMES, 5.0)
    assert snapshot.at == 5.0
    assert "nothing" not in snapshot.families
    assert snapshot.number("servescope_requests_total", "m", "1", "rest", "predict", "200") == 3
    assert snapshot.number("servescope_queue_depth", "m", "1") is None
    state = snapshot.histogram("servescope_request_duration_seconds", "m", "1", "ok")
    assert (state.count, state.sum, sum(state.counts)) == (1, 0.3, 1)
    registry.histogram("servescope_request_duration_seconds").labels("m", "1", "ok").observe(7)
    assert state.count == 1, "a snapshot stays as it is"
    later = take(registry, NAMES, 6.0).histogram("servescope_request_duration_seconds", "m", "1", "ok")
    assert later.counts[13] == state.counts[13] + 1


def test_what_is_not_shown():
    """A family that scrapes leave out is measured all the same, and read."""
    registry = Registry([])
    Recorder(registry, "h").model("m", "1")
    registry.counter("servescope_requests_total").labels("m", "1", "rest", "predict", "200").value = 3.0
    assert not [family for family in registry.collect() if family.definition.name.startswith("servescope_requests")]
    assert take(registry, NAMES, 5.0).number("servescope_requests_total", "m", "1", "rest", "predict", "200") == 3


def test_quantiles():
    """By linear interpolation; above all bounds the last one; none where there is nothing."""
    assert quantile(0.5, [1.0, 2.0], [10, 10, 0]) == 1.0
    assert quantile(0.75, [1.0, 2.0], [10, 10, 0]) == 1.5
    assert quantile(0.25, [1.0, 2.0], [10, 10, 0]) == 0.5
    assert quantile(0.99, [1.0, 2.0], [0, 0, 5]) == 2.0
    assert quantile(0.5, [1.0], [0, 0]) is None
    assert quantile(0.5, [], [3]) is None


@given(st.lists(st.integers(0, 1000), min_size=3, max_size=12), st.floats(0.01, 0.99), st.floats(0.01, 0.99))
def test_quantiles_grow(counts, one, other):
    """A larger share keeps to no smaller value, and all lie within the bounds."""
    bounds = [float(number) for number in range(1, len(counts))]
    low, high = (quantile(share, bounds, counts) for share in sorted((one, other)))
    assert (low is None) == (sum(counts) == 0)
    if low is not None:
        assert 0 <= low <= high <= bounds[-1]
