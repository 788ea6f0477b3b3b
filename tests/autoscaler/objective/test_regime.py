"""Since when requests come as they do now, and at what rate."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.autoscaler.objective.arrivals import Arrivals
from servescope.autoscaler.objective.regime import LEAST_EXPECTED, Regime, unlikely


def poisson(rate, chance):
    """How many come within a second."""
    count, at = 0, chance.expovariate(rate)
    while at < 1.0:
        count, at = count + 1, at + chance.expovariate(rate)
    return count


def follow(rates, seed=1):
    """The regime after each second, of Poisson arrivals at these rates."""
    chance = random.Random(seed)
    arrivals, total = Arrivals(300.0), 0.0
    regime = Regime(arrivals)
    for second, rate in enumerate(rates):
        total += poisson(rate, chance) if rate > 0 else 0
        arrivals.note(float(second), total)
        regime.look(float(second))
        yield regime


def last(rates, seed=1):
    *_, regime = follow(rates, seed)
    return regime


@pytest.mark.parametrize("rate", [0.2, 10.0, 300.0])
def test_a_steady_rate_is_one_stretch_and_known_ever_more_exactly(rate):
    """For half an hour: chance begins no new one, and makes no slope."""
    errors = [(regime.error, regime.slope, regime.age_s) for regime in follow([rate] * 1800)]
    assert errors[-1][2] == 1799.0
    assert errors[-1][0] < errors[30][0]
    assert errors[-1][1] == 0.0


@pytest.mark.parametrize(("before", "after"), [(1.0, 30.0), (10.0, 20.0), (30.0, 1.0), (0.0, 5.0)])
def test_a_sudden_change_is_seen_within_seconds(before, after):
    """Up and down; what it was before is remembered."""
    regime = last([before] * 200 + [after] * 10)
    assert regime.age_s <= 11.0
    assert regime.rate == pytest.approx(after, rel=0.35)
    assert regime.before == pytest.approx(before, rel=0.35, abs=0.1)


def test_a_rise_has_a_slope():
    """From 5 to 17 a second within four minutes."""
    regime = last([5.0] * 60 + [5.0 + 0.05 * second for second in range(240)])
    assert regime.slope == pytest.approx(0.05, rel=0.3)
    assert regime.rate == pytest.approx(17.0, rel=0.15)


def test_stretches_that_are_short_are_known_to_be():
    """Ten seconds on, thirty off."""
    assert last([10.0] * 400).lasts_s == 600.0
    assert last(([40.0] * 10 + [0.0] * 30) * 10).lasts_s < 60.0


def test_seconds_that_differ_by_more_than_chance_make_it_slower_to_believe():
    """All of a minute's requests within some of its seconds."""
    chance = random.Random(3)
    clustered = last([chance.choice([0.0, 0.0, 30.0]) for _ in range(600)])
    assert clustered.dispersion > 4.0
    assert last([10.0] * 600).dispersion < 1.5


def test_what_was_expected_is_not_unlikely():
    """And what was not is, the more so the more there is of it."""
    assert unlikely(10.0, 10.0) == pytest.approx(0.0)
    assert unlikely(0.0, 10.0) == pytest.approx(10.0)
    assert 0.0 < unlikely(20.0, 10.0) < unlikely(200.0, 100.0)


@given(st.floats(0, 1e6), st.floats(0, 1e6))
def test_what_differs_little_is_not_unlikely(came, expected):
    """So its logarithm need not be taken: the squared difference over what was expected is never less."""
    least = max(expected, LEAST_EXPECTED)
    quotient = (came - expected) ** 2 / least
    assert unlikely(came, expected) <= max(quotient, LEAST_EXPECTED) + 1e-6 * max(came, least)


@given(st.lists(st.tuples(st.floats(-5, 50), st.floats(0, 1e6)), min_size=1, max_size=60))
def test_rates_are_never_negative_whatever_the_clock_does(steps):
    """Neither is what they are sure of."""
    arrivals = Arrivals(300.0)
    regime, at, total = Regime(arrivals), 0.0, 0.0
    for step, came in steps:
        at, total = at + step, total + came
        arrivals.note(at, total)
        regime.look(at)
        assert regime.error >= 0.0
        assert regime.dispersion >= 1.0
        assert regime.age_s >= 0.0
