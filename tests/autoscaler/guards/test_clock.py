"""A clock that may jump, stand still, or say nothing."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.autoscaler.guards.clock import Clock, Tick


def _looked(*moments):
    clock = Clock(1.0, 60.0)
    return [clock.look(at) for at in moments]


def test_samples_in_time_are_trusted():
    """A little late, too: up to three samples."""
    assert _looked(100.0, 101.0, 102.5, 105.0) == [Tick(now, trusted=True, torn=False) for now in (1.0, 2.0, 3.5, 6.0)]


@pytest.mark.parametrize(
    ("jump", "torn"),
    [
        (0.0, False),
        (-0.5, True),
        (-1e9, True),
        (5.0, False),
        (60.0, False),
        (61.0, True),
        (1e11, True),
        (1e17, False),
        (math.nan, False),
        (math.inf, False),
    ],
)
def test_a_jump_counts_as_a_missing_sample(jump, torn):
    """Back or far ahead tears the windows; a second has passed all the same. The next sample is trusted again."""
    clock = Clock(1.0, 60.0)
    clock.look(100.0)
    clock.look(101.0)
    assert clock.look(101.0 + jump) == Tick(3.0, trusted=False, torn=torn)
    after = 101.0 + jump if abs(jump) < 1e12 else 101.0
    assert clock.look(after + 1.0).trusted


def test_a_loop_that_is_slow_is_no_clock_that_jumps():
    """Every four seconds: only the first time counts as missing. What is slower than ten samples a pace goes on being late."""
    assert [tick.trusted for tick in _looked(0.0, 1.0, 5.0, 9.0, 13.0, 14.0)] == [True, True, False, True, True, True]
    assert [tick.trusted for tick in _looked(0.0, 40.0, 80.0, 120.0)] == [True, False, False, False]


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=50))
def test_its_own_time_always_passes(moments):
    """Forward, and by no more than half a minute a sample, whatever the clock says."""
    clock, before = Clock(1.0, 60.0), 0.0
    for at in moments:
        tick = clock.look(at)
        assert before <= tick.now <= before + 30.0
        before = tick.now
