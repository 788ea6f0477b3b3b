"""The target a worker, learnt."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.autoscaler.counts.target import BEYOND, Crowd, bearable, tail
from servescope.autoscaler.objective.staffing import late_share
from servescope.autoscaler.signals import ServiceTimes

SERVICE = ServiceTimes(0.1, tuple(0.05 + 0.01 * number for number in range(11)))


@pytest.mark.parametrize("workers", [1, 2, 5, 20])
def test_what_a_worker_can_bear_is_where_requests_begin_to_be_late(workers):
    """One percent is allowed; a little more load, and it is more."""
    each = bearable(workers, SERVICE, 0.5, 0.99)
    rate = each * workers / 0.1
    assert late_share(workers, 0.98 * rate, SERVICE, 0.5) <= 0.01
    assert late_share(workers, min(1.02 * rate, workers / 0.1), SERVICE, 0.5) > 0.009


def test_many_workers_bear_more_each():
    """They share a queue."""
    each = [bearable(workers, SERVICE, 0.5, 0.99) for workers in (1, 2, 5, 20)]
    assert each == sorted(each)
    assert 0.2 < each[0] < each[-1] < 1.0


def test_batches_let_a_worker_have_more():
    """Eight at a time, each an eighth of the time."""
    batches = ServiceTimes(SERVICE.mean_s / 8, SERVICE.quantiles_s)
    assert bearable(4, batches, 0.5, 0.99) > 4 * bearable(4, SERVICE, 0.5, 0.99)


def test_a_worker_that_gets_slower_is_given_as_many_as_are_in_time():
    """0.1 s alone, and 0.05 s more for each beside it: at 18 a second is over."""
    crowd = Crowd()
    for each in (2, 4, 8, 6, 3, 7):
        crowd.note(each, 0.1 + 0.05 * each)
    assert crowd.target(1.0, 1.0) == pytest.approx(18.0)
    assert crowd.target(1.0, 2.0) == pytest.approx(8.0)


def test_what_was_not_seen_is_believed_to_four_times_as_much():
    """A flat line would else be believed for ever."""
    crowd = Crowd()
    assert crowd.target(1.0, 1.0) is None
    crowd.note(0.5, 0.1)
    assert crowd.target(1.0, 1.0) == BEYOND
    for each in (1, 5, 10):
        crowd.note(each, 0.1)
    assert crowd.target(1.0, 1.0) == BEYOND * 10


def test_an_objective_that_nothing_meets_asks_for_nothing():
    """Fewer requests a worker would not help."""
    crowd = Crowd()
    for each in (1, 4, 8):
        crowd.note(each, 2.0 + 0.1 * each)
    assert crowd.target(1.0, 1.0) == 8


@given(st.lists(st.tuples(st.floats(0, 1e6), st.floats(0, 1e6)), min_size=1, max_size=30), st.floats(0.001, 1e4))
def test_a_target_is_always_one_or_more(samples, objective_s):
    """Whatever was measured."""
    crowd = Crowd()
    for each, took_s in samples:
        crowd.note(each, took_s)
    assert crowd.target(objective_s, 1.5) >= 1.0


def test_the_tail_is_of_the_slow_ones():
    """The slowest of the given shares over the mean; never less than one."""
    assert tail(ServiceTimes(1.0, (1.0, 1.0, 4.0)), 0.99) == 2.0
    assert tail(ServiceTimes(1.0, (2.0,)), 0.99) == 1.0
    assert tail(ServiceTimes(1.0, (0.0,)), 0.99) == 1.0
