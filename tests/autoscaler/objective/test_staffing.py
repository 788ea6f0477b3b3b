"""How many workers a steady load needs."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.autoscaler.objective.staffing import LARGE, chance_to_wait, late_share, workers_for
from servescope.autoscaler.signals import ServiceTimes

STEADY = ServiceTimes(0.1, (0.1,))


@pytest.mark.parametrize(
    ("workers", "load", "chance"), [(1, 0.5, 0.5), (2, 1.0, 1 / 3), (3, 2.0, 4 / 9), (5, 4.0, 0.5541)]
)
def test_the_chance_to_wait_is_erlangs(workers, load, chance):
    """As tables of Erlang C have it."""
    assert chance_to_wait(workers, load) == pytest.approx(chance, rel=1e-3)


def test_too_few_workers_keep_everybody_waiting():
    """A load that cannot be worked off."""
    assert chance_to_wait(2, 2.0) == 1.0
    assert late_share(2, 20.0, STEADY, 10.0) == 1.0


def test_nothing_needs_nobody():
    """No requests, no workers."""
    assert workers_for(0.0, STEADY, 1.0, 0.99) == 0


def test_the_fewest_that_keep_the_target():
    """One fewer would not."""
    for rate in (1.0, 7.0, 30.0, 200.0):
        count = workers_for(rate, STEADY, 0.5, 0.99)
        assert late_share(count, rate, STEADY, 0.5) <= 0.01
        assert count == math.floor(rate * 0.1) + 1 or late_share(count - 1, rate, STEADY, 0.5) > 0.01


def test_large_pools_are_used_better():
    """What square-root staffing says: the reserve grows slower than the load."""
    reserve = [workers_for(load / 0.1, STEADY, 0.5, 0.99) / load for load in (1.0, 10.0, 100.0)]
    assert reserve == sorted(reserve, reverse=True)
    assert reserve[-1] < 1.1


def test_a_further_worker_has_to_be_worth_it():
    """It is where late requests are dear or many, and not where the next would spare hardly any."""
    assert workers_for(10.0, STEADY, 0.5, 0.99, 0.0) == workers_for(10.0, STEADY, 0.5, 0.99)
    for rate in (10.0, 200.0):
        count = workers_for(rate, STEADY, 0.5, 0.99, 1000.0)
        spared = [late_share(count + more, rate, STEADY, 0.5) for more in (-1, 0, 1)]
        assert 100.0 * rate * (spared[1] - spared[2]) <= 1.0
        assert count == workers_for(rate, STEADY, 0.5, 0.99) or 100.0 * rate * (spared[0] - spared[1]) > 1.0
    assert workers_for(0.0, STEADY, 0.5, 0.99, 1000.0) == 0


def test_an_objective_that_no_pool_keeps_asks_for_no_endless_pool():
    """Requests that take longer than the objective are late whoever serves them."""
    slow = ServiceTimes(2.0, (0.1, 3.9))
    assert workers_for(1.0, slow, 1.0, 0.99) < 20


@given(
    rate=st.floats(0.01, 500),
    mean=st.floats(0.001, 5),
    spread=st.floats(0, 0.9),
    objective=st.floats(0.01, 30),
    target=st.floats(0.5, 0.999),
)
def test_it_always_ends_with_enough_to_work_off_the_load(rate, mean, spread, objective, target):
    """Whatever is asked for."""
    service = ServiceTimes(mean, (mean * (1 - spread), mean, mean * (1 + spread)))
    assert workers_for(rate, service, objective, target) > rate * mean


@pytest.mark.parametrize("load", [0.3, 2.5, 17.0, 300.0, LARGE - 1.0])
def test_the_fewest_are_the_fewest(load):
    """One less would have more late requests than the target allows."""
    service = ServiceTimes(0.1, (0.05, 0.1, 0.15))
    workers = workers_for(load / 0.1, service, 0.3, 0.99)
    assert late_share(workers, load / 0.1, service, 0.3) <= 0.01 < late_share(workers - 1, load / 0.1, service, 0.3)


def test_an_absurd_load_takes_no_time_to_work_out():
    """More than a thousand are not counted one by one; there are some more than are busy."""
    assert 2 * LARGE < workers_for(20.0 * LARGE, STEADY, 0.5, 0.99) < 2.1 * LARGE
    assert workers_for(1e12, STEADY, 0.5, 0.99) > 1e11
