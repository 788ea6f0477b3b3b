"""One policy on one load: what counts, and until when."""

import pytest

from servescope.autoscaler.simulator.policies.fixed import Fixed, fixed_size
from servescope.autoscaler.simulator.pool import PoolOptions
from servescope.autoscaler.simulator.replay import Change, Load, Outcome, Terms, replay


class Told:
    """Wants what it is told at each moment."""

    name = "told"
    interval_s = 10.0

    def __init__(self, counts):
        self._counts = counts

    def desired(self, pool):
        return self._counts.get(pool.now)


TERMS = Terms(PoolOptions(load_s=5.0), 1.0, 1, 4)


def test_counts_are_kept_within_the_bounds():
    """Whatever is asked for; what is no change is none."""
    outcome = replay(Load([1.0], [0.5], 60.0), TERMS, Told({10.0: 3, 20.0: 99, 30.0: 4, 40.0: -7}))
    assert outcome.changes == [Change(10.0, 1, 3), Change(20.0, 3, 4), Change(40.0, 4, 1)]
    assert outcome.worker_seconds == 60 + 2 * 30 + 20
    assert outcome.latencies == [0.5]


def test_what_is_in_flight_at_the_end_is_finished():
    """By the workers that are there, and costs what they work on it, not what they idle."""
    outcome = replay(Load([58.0, 59.0], [4.0, 1.0], 60.0), TERMS, Told({10.0: 2}))
    assert outcome.latencies == [pytest.approx(4.0), pytest.approx(1.0)]
    assert outcome.worker_seconds == pytest.approx(60 + 50 + 2)


def test_a_queue_at_the_end_is_worked_off():
    """Late as that may be."""
    outcome = replay(Load([50.0] * 20, [2.0] * 20, 60.0), TERMS, Told({}))
    assert outcome.latencies[-1] == pytest.approx(40.0)
    assert outcome.worker_seconds == pytest.approx(60 + 30)


def test_exactly_the_objective_is_inside():
    """Whatever floating-point numbers make of it."""
    outcome = replay(Load([0.1, 0.7, 1.3], [0.3, 0.3, 0.6], 10.0), TERMS, Told({}))
    assert outcome.inside(0.3) == pytest.approx(2 / 3)
    assert outcome.inside(0.6) == 1.0


def test_percentiles_are_latencies_that_occurred():
    """The nearest rank."""
    outcome = Outcome("x", 1.0, [float(number) for number in range(100, 0, -1)], [], 1)
    assert [outcome.percentile(share) for share in (0.0, 0.5, 0.99, 1.0)] == [1.0, 50.0, 99.0, 100.0]


def test_the_fixed_pool_knows_the_busiest_minute():
    """Its rate times the mean service time, over 0.7."""
    load = Load([*range(60), *(60 + number / 2 for number in range(120))], [1.4] * 180, 180.0)
    assert fixed_size(load, 1) == 4
    assert fixed_size(load, 4) == 1
    outcome = replay(load, TERMS, Fixed(), started=4)
    assert outcome.changes == []
    assert outcome.worker_seconds == 4 * 180
