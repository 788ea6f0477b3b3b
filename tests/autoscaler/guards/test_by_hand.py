"""A count that somebody set."""

import random

import pytest

from servescope.autoscaler.guards.by_hand import ByHand
from servescope.autoscaler.objective.arrivals import Arrivals


class Held:
    """A count held from the hundredth second on, at a rate."""

    def __init__(self, rate, seconds=100):
        self.by_hand, self.arrivals = ByHand(0.1, (6.0, 60.0)), Arrivals(60.0)
        self.at, self.total = 0.0, 0.0
        for _ in range(seconds):
            self.second(rate)
        self.by_hand.hold(self.at, 3)

    def second(self, rate):
        self.at += 1.0
        self.total += rate
        self.arrivals.note(self.at, self.total)
        return self.by_hand.held(self.arrivals)


def test_it_is_held_while_the_load_stays():
    """By less than the tolerance, and by what chance makes."""
    held, chance = Held(20.0), random.Random(1)
    assert {held.second(20.0 + chance.gauss(0.0, 20.0**0.5)) for _ in range(1000)} == {3}
    assert {held.second(21.0) for _ in range(100)} == {3}


@pytest.mark.parametrize(("rate", "within_s"), [(60.0, 6), (30.0, 60), (10.0, 60), (0.0, 30)])
def test_it_ends_when_the_load_has_moved(rate, within_s):
    """Up or down, and the sooner the farther; once it has ended, it has."""
    held = Held(20.0)
    seen = [held.second(rate) for _ in range(within_s)]
    assert seen[0] == 3
    assert seen[-1] is None
    assert held.second(20.0) is None


def test_a_few_requests_more_are_no_move_where_there_are_few():
    """One in ten seconds, then two: that is chance. Ten times as many are not."""
    held = Held(0.1)
    assert {held.second(0.2) for _ in range(60)} == {3}
    assert [held.second(1.0) for _ in range(60)][-1] is None


def test_before_there_is_a_load_nothing_moves():
    """A model that was just registered, and gets its first requests: they are what the load is."""
    held = Held(0.0, seconds=0)
    assert {held.second(10.0) for _ in range(200)} == {3}
    assert [held.second(20.0) for _ in range(60)][-1] is None


def test_without_arrivals_it_stays():
    """What is not known has not moved."""
    held = Held(20.0)
    assert held.by_hand.held(None) == 3


def test_windows_that_were_thrown_away_begin_anew():
    """The load is then what it is after that."""
    held = Held(20.0)
    held.second(20.0)
    held.by_hand.forget(held.at)
    held.arrivals = Arrivals(60.0)
    assert {held.second(40.0) for _ in range(100)} == {3}
    assert held.by_hand.for_s(held.at) == 100.0


def test_nobody_is_held_by_nobody():
    """There is a count only if somebody set one; a release takes it back."""
    by_hand = ByHand(0.1, (6.0, 60.0))
    assert by_hand.held(None) is None
    by_hand.hold(0.0, 3)
    by_hand.release()
    assert by_hand.held(None) is None
