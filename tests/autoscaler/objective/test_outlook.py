"""What a worker that is started now will meet when it has loaded."""

import pytest

from servescope.autoscaler.objective.arrivals import Arrivals
from servescope.autoscaler.objective.outlook import outlook
from servescope.autoscaler.objective.regime import Regime


def seen(rates):
    arrivals, total = Arrivals(300.0), 0.0
    regime = Regime(arrivals)
    for second, rate in enumerate(rates):
        total += rate
        arrivals.note(float(second), total)
        regime.look(float(second))
    return arrivals, regime


def ahead(rates, load_s, slack_s=1.0, most=4.0):
    return outlook(*seen(rates), load_s, slack_s, most)


def test_a_steady_rate_goes_on():
    """Whether it is looked at from near or far."""
    for load_s in (1.0, 60.0):
        found = ahead([10.0] * 300, load_s)
        assert (found.passing, found.lasting) == (pytest.approx(10.0), pytest.approx(10.0, rel=0.02))
        assert found.rising == 0.0


def test_what_began_just_now_counts_for_as_much_as_it_has_been():
    """Measured by what a request can wait: one second of 30 is no reason to start workers for 30."""
    young, older = ahead([1.0] * 300 + [30.0], 10.0, 6.0), ahead([1.0] * 300 + [30.0] * 40, 10.0, 6.0)
    assert young.lasting < 6.0
    assert older.lasting > 20.0


def test_bursts_that_end_soon_are_over_by_then():
    """Ten seconds on and thirty off: who loads for a minute will meet the mean."""
    bursts = ([40.0] * 10 + [0.0] * 30) * 12 + [40.0] * 8
    near, far = ahead(bursts, 1.0), ahead(bursts, 60.0)
    assert near.passing > 30.0
    assert far.passing < 25.0
    assert far.lasting < near.lasting + 1e-9


def test_a_rise_goes_on_up_to_a_limit():
    """0.1 a second more each second, a minute from now."""
    rise = [2.0] * 60 + [2.0 + 0.1 * second for second in range(240)]
    assert ahead(rise, 60.0).rising == pytest.approx(32.0, rel=0.1)
    assert ahead(rise, 6000.0, most=2.0).rising == pytest.approx(2.0 * ahead(rise, 6000.0).passing)


def test_a_fall_does_not():
    """A trend may only raise the count."""
    assert ahead([26.0 - 0.1 * second for second in range(240)], 60.0).rising == 0.0
