"""Bursts are served within what the objective leaves to wait."""

from servescope.autoscaler.objective.arrivals import Arrivals
from servescope.autoscaler.objective.bursts import workers_for_bursts


def after(*totals):
    arrivals = Arrivals(60.0)
    for second, total in enumerate(totals):
        arrivals.note(float(second), float(total))
    return arrivals


def test_a_burst_has_its_own_second_and_the_slack():
    """30 requests of 0.1 s within a second, and half a second to wait: 3 s of work in 1.5 s."""
    assert workers_for_bursts(after(0, 30), 1.0, 0.1, 0.5) == 2


def test_the_worst_window_counts():
    """A burst some seconds ago needed more than all that came since."""
    assert workers_for_bursts(after(0, 0, 40, 40, 41), 1.0, 0.1, 0.5) == 2


def test_what_chance_makes_of_the_rate_is_no_burst():
    """15 where 10 were expected; 40 are one."""
    assert workers_for_bursts(after(0, 15), 10.0, 0.1, 0.5) == 0
    assert workers_for_bursts(after(0, 40), 10.0, 0.1, 0.5) == 3


def test_silence_needs_nobody():
    """No requests, no burst."""
    assert workers_for_bursts(after(7, 7, 7), 0.0, 0.1, 0.5) == 0
