"""Only a handler that has been fast for a while is given batches ahead, and never more than 2 ms of work."""

from hypothesis import given
from hypothesis import strategies as st

from servescope.fleet.worker.pace import AHEAD_S, MOST, Pace


def paced(seconds, times):
    pace = Pace()
    for _ in range(times):
        pace.answered(seconds)
    return pace


def test_nothing_is_known_at_first():
    """One batch at a time; a concurrent worker takes as many as it may."""
    assert Pace().most == 1
    assert Pace(7).most == 7


def test_fast_for_a_while():
    """A few answers do not do; after some hundreds it is as many as make 2 ms, up to a bound."""
    assert paced(1e-5, 10).most == 1
    assert paced(1e-4, 1000).most == int(AHEAD_S / 1e-4)
    assert paced(0.0, 2000).most == MOST


def test_one_slow_answer():
    """Takes it back at once."""
    pace = paced(1e-5, 1000)
    assert pace.most > 1
    pace.answered(0.5)
    assert pace.most == 1


@given(st.lists(st.floats(0, 10), max_size=300))
def test_never_more_than_the_slowest_of_late_allows(times):
    """Whatever the times: between 1 and the bound, and within the 2 ms for the answer just seen. A fixed number stays."""
    pace, side = Pace(), Pace(7)
    for seconds in times:
        pace.answered(seconds)
        side.answered(seconds)
        assert 1 <= pace.most <= MOST
        assert pace.most == 1 or pace.most * seconds <= AHEAD_S * 1.000001
        assert side.most == 7
