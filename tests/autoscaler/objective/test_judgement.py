"""How badly the objective was missed."""

from servescope.autoscaler.objective.judgement import Judgement
from servescope.autoscaler.signals import Measured


def signals(at, finished, late, queued=0):
    return Measured(at, finished, finished, late, queued, 1, 0, None, 1.0)


def test_within_what_is_allowed_nothing_is_missed():
    """1 % of 1,000."""
    judgement = Judgement(600.0, 0.99)
    assert judgement.missed(signals(0.0, 0, 0)) == 0.0
    assert judgement.missed(signals(60.0, 1000, 10)) == 0.0


def test_beyond_it_counts_by_degrees():
    """3 % is half as bad as it gets, 5 % and more is that."""
    judgement = Judgement(600.0, 0.99)
    judgement.missed(signals(0.0, 0, 0))
    assert round(judgement.missed(signals(60.0, 1000, 30)), 6) == 0.5
    assert judgement.missed(signals(61.0, 1000, 300)) == 1.0


def test_it_is_forgotten():
    """After the span."""
    judgement = Judgement(600.0, 0.99)
    judgement.missed(signals(0.0, 0, 0))
    judgement.missed(signals(10.0, 100, 100))
    judgement.missed(signals(500.0, 1000, 100))
    assert judgement.missed(signals(700.0, 2000, 100)) == 0.0


def test_a_single_late_request_is_no_disaster():
    """Of one: it is taken for one of twenty."""
    judgement = Judgement(600.0, 0.9)
    judgement.missed(signals(0.0, 0, 0))
    assert judgement.missed(signals(1.0, 1, 1)) == 0.0
