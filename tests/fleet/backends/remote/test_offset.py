"""Another machine's clock is read through pings, however far it is off."""

from hypothesis import given
from hypothesis import strategies as st

from servescope.fleet.backends.remote.offset import LAST, Offset

WAYS = st.floats(0, 10)


@given(st.floats(-1e6, 1e6), st.lists(st.tuples(WAYS, WAYS), min_size=1, max_size=40))
def test_within_half_of_the_quickest_round(off, ways):
    """As far as can be known, whichever way took how long, and only of the last answers."""
    offset, now = Offset(), 1000.0
    for there, back in ways:
        sent, now = now, now + there + back
        offset.heard(sent, sent + there - off, now)
    quickest = min(there + back for there, back in ways[-LAST:])
    assert abs(offset.seconds - off) <= quickest / 2 + 1e-6


def test_never_later_than_now():
    """What is told has happened."""
    offset = Offset()
    assert offset.here(5.0, 7.0) == 7.0
    offset.heard(10.0, 1.0, 10.0)
    assert (offset.here(2.0, 20.0), offset.here(20.0, 20.0)) == (11.0, 20.0)
