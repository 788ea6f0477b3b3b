"""For how long what was needed is kept."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.autoscaler.counts.windows import Highest
from servescope.autoscaler.objective.holds import Holds, Peaks, Rehearsals

LOAD_S = 10.0


def follow(needs, load_s=LOAD_S, price=10.0):
    """What is kept each second; a worker's work is one request a second."""
    holds = Holds(600.0)
    return [holds.keep(float(second), needed, float(needed), load_s, price) for second, needed in enumerate(needs)]


def test_what_is_needed_is_kept_at_once():
    """No delay upwards."""
    assert follow([1, 5, 9]) == [1, 5, 9]


def test_bursts_that_come_back_find_their_workers():
    """Every 60 s, and none was let go before: the shorter times were rehearsed only."""
    kept = follow(([8] * 10 + [1] * 50) * 20)
    assert set(kept) == {8}


def test_a_peak_that_does_not_come_back_goes():
    """A slope up and down again, an hour long: what is kept follows, and sooner than at first."""
    needs = [1 + min(second, 3600 - second) // 30 for second in range(3600)]
    kept = follow(needs)
    later = [keeps - needed for keeps, needed in zip(kept[2400:], needs[2400:], strict=True)]
    assert max(later) <= 5


def test_what_harms_nobody_is_not_kept_for_long():
    """A late request that is as bad as nothing: keeping is worth no more than a start."""
    bursts = ([8] * 10 + [1] * 110) * 20
    assert sum(follow(bursts, price=0.0)) < 0.6 * sum(follow(bursts, price=10.0))


def test_no_time_is_shorter_than_a_start():
    """Who loads for a minute is not let go for half of it."""
    kept = follow([1] * 400 + [8] + [1] * 40, load_s=60.0, price=0.0)
    assert kept[-1] == 8


@pytest.mark.parametrize("longest", [0.0, 600.0])
@given(st.lists(st.tuples(st.integers(1, 40), st.floats(-5, 100)), min_size=1, max_size=100))
def test_never_fewer_than_needed_nor_more_than_ever(longest, steps):
    """Whatever comes, and however the clock goes."""
    holds, at, most = Holds(longest), 0.0, 0
    for needed, step in steps:
        at, most = at + step, max(most, needed)
        assert needed <= holds.keep(at, needed, 3.0, LOAD_S, 1.0) <= most


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(1, 40)), min_size=1, max_size=60))
def test_one_list_answers_for_all_windows(samples):
    """As one for each of them would."""
    windows = (3.0, 10.0, 60.0)
    peaks, each, at = Peaks(windows), [Highest(seconds) for seconds in windows], 0
    for gap, needed in samples:
        at += gap
        assert peaks.over(at, needed) == [highest.over(at, needed) for highest in each]


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(1, 40)), min_size=1, max_size=60), st.integers(0, 20))
def test_workers_are_ready_once_they_were_asked_for_a_start_ago(samples, load_s):
    """Late are those for whom too few are; and all cost from when they are asked for."""
    rehearsals, fewest, at, late, cost = Rehearsals((10.0,)), Highest(load_s), 0, 0.0, 0.0
    for gap, needed in samples:
        at += gap
        size, kept = rehearsals.sizes[0], 1.0 - gap / 900.0
        ready = -fewest.over(at, -size)
        late = late * kept + max(0.0, 1.0 - ready / (0.9 * needed))
        cost = cost * kept + size * gap
        rehearsals.go_on(at, gap, needed, 1.0, load_s)
        assert rehearsals.late == [pytest.approx(late)]
        assert rehearsals.costs == [pytest.approx(cost)]
