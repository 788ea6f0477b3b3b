"""Counters become rates over windows."""

import pytest

from servescope.autoscaler.objective.arrivals import Arrivals, noise


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
    arrivals, windows = counted(0, 1, 3, 6, 10), (1, 2, 3, 30)
    assert arrivals.came(windows) == [arrivals.within(seconds)[0] for seconds in windows]
    assert counted(7).came(windows) == [0, 0, 0, 0]


def test_a_window_that_began_before_the_first_sample_is_shorter():
    """And never shorter than a second, so that one sample makes no endless rate."""
    arrivals = counted(5, 9)
    assert arrivals.within(30) == (4, 1)
    assert counted(5).rate(30) == 0
    assert arrivals.known_s == 1


def test_old_samples_are_let_go():
    """What is kept does not grow with time."""
    arrivals = counted(*range(1000), span=60.0)
    assert arrivals.known_s < 60 + 110
    assert arrivals.rate(60) == 1.0


def test_chance_makes_rates_differ():
    """By the square root of what is counted."""
    assert noise(25.0, 4.0) == pytest.approx(2.5)
    assert noise(0.0, 4.0) > 0
