"""For how long what was needed is kept."""

from hypothesis import given
from hypothesis import strategies as st

from servescope.autoscaler.levels import Levels

HOLD = 30.0


def follow(needs, longer=1.0):
    levels = Levels(600.0)
    return [levels.keep(float(second), needed, HOLD, longer) for second, needed in enumerate(needs)]


def test_what_is_needed_is_kept_at_once():
    """No delay upwards."""
    assert follow([1, 5, 9]) == [1, 5, 9]


def test_a_peak_that_does_not_come_back_goes_after_the_hold():
    """And not before."""
    kept = follow([8] + [1] * 40)
    assert kept[30] == 8
    assert kept[31] == 1


def test_bursts_that_come_back_find_their_workers():
    """Every 60 s, twice as long as the hold: after the first break it is known."""
    kept = follow(([8] + [1] * 59) * 6)
    assert kept[59] == 1
    assert set(kept[61:]) == {8}


def test_a_slope_is_followed_down():
    """Nothing of a peak that was passed once is kept longer than the hold."""
    needs = [*range(1, 101), *range(100, 0, -1)]
    kept = follow(needs)
    assert all(keeps <= needed + HOLD + 1 for keeps, needed in zip(kept[130:], needs[130:], strict=True))


@given(st.lists(st.integers(0, 40), min_size=1, max_size=300))
def test_never_fewer_than_needed_nor_more_than_ever(needs):
    """Whatever comes."""
    kept = follow(needs)
    assert all(keeps >= needed for keeps, needed in zip(kept, needs, strict=True))
    assert all(keeps <= max(needs[: at + 1]) for at, keeps in enumerate(kept))
