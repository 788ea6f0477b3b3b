"""A rate that rises is looked ahead of; one that chance moves is not."""

import pytest

from servescope.autoscaler.arrivals import Arrivals
from servescope.autoscaler.trend import rate_ahead


def rising(slope, start=10.0, seconds=200):
    arrivals, total = Arrivals(300.0), 0.0
    for second in range(seconds):
        arrivals.note(float(second), total)
        total += start + slope * second
    return arrivals


def test_a_steady_rise_goes_on():
    """10 a second, and 0.1 more each second: in 60 s it is 6 more than now."""
    now = 10.0 + 0.1 * 199
    assert rate_ahead(rising(0.1), 60.0, 1000.0) == pytest.approx(now + 6.0, rel=0.05)


def test_there_is_a_most():
    """However steep it is."""
    assert rate_ahead(rising(1.0), 60.0, 50.0) == 50.0


@pytest.mark.parametrize(
    ("slope", "ahead", "seconds"), [(0.0, 60.0, 200), (-0.04, 60.0, 200), (0.1, 2.0, 200), (0.1, 60.0, 60)]
)
def test_no_trend(slope, ahead, seconds):
    """Level or falling, nothing to wait for, or too little known."""
    assert rate_ahead(rising(slope, seconds=seconds), ahead, 1000.0) == 0.0
