"""When to come back to a queue that is full."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.serving.queue.service_time import ServiceTime


def after(*seconds):
    found = ServiceTime()
    for one in seconds:
        found.took(one)
    return found


@pytest.mark.parametrize(
    ("seconds", "waiting", "in_hand", "expected"),
    [
        (0.5, 100, 1, 50),  # two a second
        (0.5, 100, 16, 4),  # a batch of 16 each half second
        (0.001, 100, 4, 1),
        (2.0, 0, 1, 1),
        (3.0, 5, 0, 15),
        (600.0, 100, 1, 3600),
    ],
)
def test_as_long_as_the_queue_takes(seconds, waiting, in_hand, expected):
    """By what a request takes, how many are at it at once, and how many are before; a second at least, an hour at most."""
    assert after(seconds).until_served(waiting, in_hand, 99.0) == expected


def test_recent_ones_count_most():
    """A model that has become slow is told so after some ten batches."""
    assert after(*[0.1] * 100, *[1.0] * 30).until_served(10, 1, 0.0) == 10


def test_before_anything_was_answered():
    """What is known is how long the first has taken so far."""
    assert ServiceTime().until_served(10, 1, 2.5) == 25
    assert ServiceTime().until_served(10, 1, 0.0) == 1


times = st.floats(0, 1e6)


@given(st.lists(times), st.integers(0, 10**6), st.integers(0, 10**4), times)
def test_always_a_time(seconds, waiting, in_hand, unfinished):
    """Whole seconds within the bounds."""
    assert 1 <= after(*seconds).until_served(waiting, in_hand, unfinished) <= 3600
