"""What a request may take, where nobody said so."""

from servescope.autoscaler.counts.objective import Objective
from servescope.autoscaler.signals import ServiceTimes


def _times(median):
    return ServiceTimes(median, (0.5 * median, median, 2 * median))


def test_what_was_given_stays():
    """Whatever requests take."""
    objective = Objective(0.5)
    assert not objective.look(_times(3.0))
    assert objective.seconds == 0.5


def test_without_one_it_is_five_medians_and_does_not_follow_every_sample():
    """Only where it would be another by a quarter."""
    objective = Objective(0.0)
    assert not objective.look(None)
    assert objective.seconds == 0
    assert objective.look(_times(0.1))
    assert objective.seconds == 0.5
    assert not objective.look(_times(0.12))
    assert objective.seconds == 0.5
    assert objective.look(_times(0.2))
    assert objective.seconds == 1.0


def test_an_instant_is_an_objective_that_can_be_divided_by():
    """Requests that take no time that a clock could tell."""
    objective = Objective(0.0)
    assert objective.look(ServiceTimes(1e-9, (0.0,)))
    assert objective.seconds == 1e-6
