"""A dead worker is tried again after TorchServe's delays, until its window has passed."""

from hypothesis import given
from hypothesis import strategies as st

from servescope.fleet.retry import DELAYS_S, RetrySchedule


def test_delays_in_turn():
    """Every failure waits for the next delay; the last one repeats."""
    schedule = RetrySchedule(1e9)
    delays = [schedule.failed(0.0) for _ in range(len(DELAYS_S) + 2)]
    assert delays == [1, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 377, 610, 987, 1597, 1597, 1597]


def test_a_load_begins_anew():
    """After a load both the delays and the window start over."""
    schedule = RetrySchedule(10.0)
    assert [schedule.failed(0.0), schedule.failed(1.0), schedule.failed(2.0)] == [1, 1, 2]
    schedule.loaded()
    assert schedule.failed(100.0) == 1
    assert schedule.failed(109.9) == 1
    assert schedule.failed(110.0) is None


def test_no_window_no_retry():
    """MaxRetryTimeoutInSec 0: the first failure is the last."""
    assert RetrySchedule(0.0).failed(5.0) is None


@given(window=st.floats(0, 1e5), steps=st.lists(st.floats(0, 1e4), max_size=40))
def test_given_up_exactly_when_the_window_has_passed(window, steps):
    """Whatever the times of the failures, there is a next try as long as the first lies within the window."""
    schedule = RetrySchedule(window)
    now = first = 50.0
    for step in (0.0, *steps):
        now += step
        assert (schedule.failed(now) is None) == (now - first >= window)
