"""Counters become rates over windows."""

import pytest

from servescope.autoscaler.objective.arrivals import LONGEST, WINDOWS, Arrivals, noise


def counted(*totals, span=60.0):
    arrivals = Arrivals(span)
    for second, total in enumerate(totals):
        arrivals.note(100.0 + second, total)
    return arrivals


def test_a_window_takes_what_came_in_it():
    """From the sample that is as old as the window."""
    arrivals = counted(0, 1, 3, 6, 10)
    assert arrivals.within(1) == (4, 1)
    assert arrivals.within(3) == (9, 3)
    assert arrivals.rate(2) == 3.5


def test_windows_that_are_counted_together_are_the_same():
    """Those that began before the first sample, too."""
    for arrivals in (counted(0, 1, 3, 6, 10), counted(*range(0, 3000, 3))):
        found = list(zip(arrivals.came(), arrivals.took(), strict=True))
        assert found == [arrivals.within(seconds) for seconds in WINDOWS]
    assert counted(7).came() == counted(7).took() == [0] * len(WINDOWS)


def test_windows_that_are_counted_together_are_of_so_many_samples():
    """However far these are apart: what came and how long it took belong together."""
    arrivals = Arrivals(60.0)
    for sample in range(500):
        arrivals.note(2.5 * sample, 5.0 * sample)
    assert arrivals.took() == [2.5 * window for window in WINDOWS]
    assert arrivals.came() == [5.0 * window for window in WINDOWS]
    assert arrivals.ago(LONGEST) == 2.5 * (499 - LONGEST)
    assert arrivals.newest == 5.0


def test_a_window_that_began_before_the_first_sample_is_shorter():
    """And never shorter than a second, so that one sample makes no endless rate."""
    arrivals = counted(5, 9)
    assert arrivals.within(30) == (4, 1)
    assert counted(5).rate(30) == 0
    assert arrivals.known_s == 1


def test_old_samples_are_let_go():
    """What is kept does not grow with time."""
    arrivals = counted(*range(1000), span=60.0)
    assert arrivals.known_s <= LONGEST + 101
    assert arrivals.rate(60) == 1.0


def test_a_window_is_whole_whenever_it_is_looked_at():
    """Also when old samples have just been let go."""
    arrivals = Arrivals(300.0)
    for second in range(1000):
        arrivals.note(float(second), 2.0 * second)
        assert arrivals.within(300) == (2.0 * min(second, 300), min(second, 300))


def test_chance_makes_rates_differ():
    """By the square root of what is counted."""
    assert noise(25.0, 4.0) == pytest.approx(2.5)
    assert noise(0.0, 4.0) > 0
