"""Counts a minute, spread within the minute: as bursty as asked for, and none lost."""

import itertools
import random
import statistics
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.autoscaler.simulator.arrivals.clusters import measured_burstiness, spread

TRACES = Path(__file__).parents[4] / "benchmarks" / "traces"


def counts(name):
    """Of a public trace, Azure's of 2023."""
    lines = (TRACES / f"azure-llm-2023-{name}-per-minute.csv").read_text().splitlines()[1:]
    return [int(line.split(",")[1]) for line in lines]


def seconds(arrivals, minutes):
    """How many came in each second."""
    found = Counter(int(at) for at in arrivals)
    return [found[second] for second in range(60 * minutes)]


@given(st.lists(st.integers(0, 80), max_size=8), st.floats(1, 900), st.integers(0, 5))
def test_every_request_stays_in_its_minute(given_counts, burstiness, seed):
    """However bursty."""
    arrivals = spread(given_counts, burstiness, random.Random(seed))
    found = Counter(int(at // 60) for at in arrivals)
    assert [found[minute] for minute in range(len(given_counts))] == given_counts
    assert arrivals == sorted(arrivals)


def test_the_code_trace_is_as_cruel_as_it_was():
    """Half of its seconds are empty and the largest has about 67, as in the recording that the counts were made of."""
    of_code = counts("code")
    burstiness = measured_burstiness(of_code)
    found = [seconds(spread(of_code, burstiness, random.Random(seed)), len(of_code)) for seed in range(8)]
    assert statistics.mean(sum(count == 0 for count in one) / len(one) for one in found) == pytest.approx(0.5, abs=0.05)
    assert 45 <= statistics.mean(map(max, found)) <= 90


def test_the_conv_trace_is_smooth():
    """The gaps vary hardly more than a Poisson process' do."""
    of_conv = counts("conv")
    arrivals = spread(of_conv, measured_burstiness(of_conv), random.Random(1))
    gaps = [later - before for before, later in itertools.pairwise(arrivals)]
    assert statistics.stdev(gaps) / statistics.mean(gaps) == pytest.approx(1.13, abs=0.07)


@pytest.mark.parametrize("burstiness", [1.0, 2.0, 5.0])
def test_burstiness_is_the_rate_that_a_request_finds_over_the_mean(burstiness):
    """Apart from what chance adds to any rate."""
    found = seconds(spread([6000] * 100, burstiness, random.Random(1)), 100)
    mean = statistics.mean(found)
    assert 1 + (statistics.variance(found) - mean) / mean**2 == pytest.approx(burstiness, rel=0.1)


def test_what_is_measured_is_beyond_chance():
    """Poisson counts are not bursty; none at all are not either."""
    chance = random.Random(1)
    poisson = [sum(chance.random() < 0.1 for _ in range(1000)) for _ in range(300)]
    assert measured_burstiness(poisson) == pytest.approx(1.0, abs=0.01)
    assert measured_burstiness([0, 0]) == 1.0
    assert measured_burstiness([0, 0, 0, 400]) == pytest.approx(4.0, abs=0.02)
