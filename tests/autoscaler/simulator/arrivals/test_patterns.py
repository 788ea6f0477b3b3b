"""Arrivals that are made up: of the rate and shape that they are asked for."""

import statistics
from collections import Counter

import pytest

from servescope.autoscaler.simulator.arrivals.patterns import NAMES, Pattern, make_arrivals
from servescope.errors import ConfigurationError


def counts(arrivals, width):
    """How many came in each stretch."""
    found = Counter(int(at // width) for at in arrivals.at)
    return [found[place] for place in range(int(arrivals.end_s // width))]


@pytest.mark.parametrize("name", NAMES)
def test_the_mean_rate_is_the_one_asked_for(name):
    """For all of them, in order, within the time; the seed decides."""
    pattern = Pattern(name, 5.0, 40_000.0, seed=3)
    arrivals = make_arrivals(pattern)
    assert len(arrivals.at) / 40_000 == pytest.approx(5, rel=0.1 if name == "bursty" else 0.02)
    assert list(arrivals.at) == sorted(arrivals.at)
    assert arrivals.at[0] > 0
    assert arrivals.at[-1] < arrivals.end_s
    assert arrivals.end_s == 40_000
    assert make_arrivals(pattern) == arrivals
    assert make_arrivals(Pattern(name, 5.0, 40_000.0, seed=4)) != arrivals


def test_steady_is_poisson():
    """Counts vary as much as they are large."""
    found = counts(make_arrivals(Pattern("steady", 10.0, 3600.0, 1)), 10)
    assert statistics.variance(found) / statistics.mean(found) == pytest.approx(1.0, abs=0.2)


def test_a_step_goes_up_and_down():
    """From one to thirty, in the middle half."""
    quarters = counts(make_arrivals(Pattern("step", 15.5, 3600.0, 1)), 900)
    assert [round(count / 900) for count in quarters] == [1, 30, 30, 1]


def test_a_spike_is_short_and_high():
    """Twelve times as high for a thirtieth of the time."""
    found = counts(make_arrivals(Pattern("spike", 10.0, 3600.0, 1)), 120)
    others = found[:15] + found[16:]
    assert found[15] / statistics.mean(others) == pytest.approx(12, rel=0.1)


def test_a_day_has_one_height():
    """In its middle, 19 times what it begins with."""
    found = counts(make_arrivals(Pattern("diurnal", 10.0, 3600.0, 1)), 120)
    assert max(found) == pytest.approx(19 * 120, rel=0.1)
    assert found.index(max(found)) in range(12, 18)
    assert found[0] < 2 * 120


@pytest.mark.parametrize("burstiness", [1.0, 4.0, 16.0])
def test_bursts_are_as_high_as_asked_for(burstiness):
    """The rate that a request finds is so many times the mean."""
    found = counts(make_arrivals(Pattern("bursty", 20.0, 40_000.0, 1, burstiness)), 1)
    mean = statistics.mean(found)
    assert 1 + (statistics.variance(found) - mean) / mean**2 == pytest.approx(burstiness, rel=0.15)


def test_burstiness_is_for_bursts():
    """Elsewhere it would be ignored, and is refused."""
    with pytest.raises(ConfigurationError, match="--burstiness 3: --pattern steady has none"):
        make_arrivals(Pattern("steady", 1.0, 10.0, 1, 3.0))


def test_too_many_are_refused():
    """Before they are made."""
    with pytest.raises(ConfigurationError, match="--pattern steady, --rate 100000: about 360,000,000 requests"):
        make_arrivals(Pattern("steady", 1e5, 3600.0, 1))
