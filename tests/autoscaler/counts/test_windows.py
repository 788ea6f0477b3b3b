"""Means and maxima over windows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.autoscaler.counts.windows import Highest, Mean

SAMPLES = st.lists(st.tuples(st.integers(1, 5), st.integers(0, 1000)), min_size=1, max_size=60)


def _since(samples, seconds, included):
    at, kept = 0, []
    for gap, value in samples:
        at += gap
        kept = [
            (when, what)
            for when, what in [*kept, (at, value)]
            if when > at - seconds or (included and when == at - seconds)
        ]
        yield at, value, [what for _, what in kept]


@given(SAMPLES)
def test_a_mean_is_that_of_the_window(samples):
    """However samples come."""
    mean = Mean(10)
    for at, value, kept in _since(samples, 10, included=False):
        assert mean.over(at, value) == pytest.approx(sum(kept) / len(kept))


@given(SAMPLES)
def test_the_highest_is_that_of_the_window(samples):
    """However samples come; one that is just as old as the window still counts."""
    highest = Highest(10)
    for at, value, kept in _since(samples, 10, included=True):
        assert highest.over(at, value) == max(kept)


def test_the_window_of_the_highest_can_change():
    """From then on."""
    highest = Highest(3.0)
    assert [highest.over(float(at), value) for at, value in enumerate([5, 1, 2, 1, 1, 1])] == [5, 5, 5, 5, 2, 2]
    assert highest.over(6.0, 0, 1.0) == 1
