"""What a count is kept within."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.autoscaler.guards.bounds import Bounds
from servescope.autoscaler.signals import Room


def _bounds(least=1, most=10, loadable=None, room=None):
    return Bounds(least, most, 2.0, loadable, room)


@pytest.mark.parametrize(
    ("bounds", "wanted", "there", "count", "bound"),
    [
        (_bounds(), 4, 3, 4, None),
        (_bounds(), 7, 3, 6, "step"),
        (_bounds(), 5, 0, 1, "step"),
        (_bounds(), 2, 1, 2, None),
        (_bounds(), 0, 2, 1, "min"),
        (_bounds(least=8), 9, 2, 8, "min"),
        (_bounds(), 12, 8, 10, "max"),
        (_bounds(), 20, 30, 10, "max"),
        (_bounds(room=Room(1, "gpu_memory")), 6, 3, 4, "gpu_memory"),
        (_bounds(room=Room(0, "container")), 6, 3, 3, "container"),
        (_bounds(room=Room(9, "memory")), 6, 3, 6, None),
        (_bounds(least=5, room=Room(1, "memory")), 5, 2, 3, "memory"),
        (_bounds(loadable=3), 6, 3, 3, "failed_starts"),
        (_bounds(least=5, loadable=1), 6, 5, 5, "failed_starts"),
        (_bounds(least=0), 0, 1, 0, None),
    ],
)
def test_what_held_it_is_said(bounds, wanted, there, count, bound):
    """The last that made a difference."""
    assert bounds.within(wanted, there) == (count, bound)


COUNTS = st.integers(0, 100)


@given(COUNTS, COUNTS, COUNTS, COUNTS, st.none() | COUNTS, st.none() | COUNTS)
def test_a_count_never_leaves_its_bounds(wanted, there, least, more, loadable, room):
    """Never above max or room; below min only for room; a bound is named exactly where one held it."""
    most = least + more
    bounds = Bounds(least, most, 2.0, loadable, None if room is None else Room(room, "memory"))
    count, bound = bounds.within(wanted, there)
    ceiling = min(most, most if room is None else there + room)
    assert min(least, ceiling) <= count <= ceiling
    assert count <= max(least, there + 1, 2 * there)
    assert (bound is None) == (count == wanted)
