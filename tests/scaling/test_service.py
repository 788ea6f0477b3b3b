"""Service times of a model's last batches."""

import pytest

from servescope.metrics.recording.requests.times import BatchTimes
from servescope.scaling.service import FEWEST, QUANTILES, service_times


def batch(seconds: float, size: int = 1) -> BatchTimes:
    return BatchTimes(0.0, 0.0, size, "w", prediction=seconds)


def test_too_few():
    """None until there are enough."""
    assert service_times([batch(1.0)] * (FEWEST - 1), 1) is None


def test_quantiles_are_those_of_requests():
    """Ascending, whatever order they came in; the mean is exact."""
    times = service_times([batch(0.001 * ((7 * number) % 101)) for number in range(101)], 1)
    assert times is not None
    assert times.mean_s == pytest.approx(0.05)
    assert len(times.quantiles_s) == QUANTILES
    assert list(times.quantiles_s) == sorted(times.quantiles_s)
    assert times.quantiles_s[0] == pytest.approx(0.002)


@pytest.mark.parametrize(("size", "at_once", "mean"), [(1, 1, 0.4), (4, 1, 0.1), (1, 8, 0.05), (1, None, 0.4)])
def test_a_requests_share_of_a_worker(size, at_once, mean):
    """A batch's time is its requests' together; so is that of an asynchronous worker with a bound."""
    times = service_times([batch(0.4, size)] * 40, at_once)
    assert times is not None
    assert (times.mean_s, times.quantiles_s[0], times.together) == (pytest.approx(mean), 0.4, at_once or 1)
