"""What the policy is told of a model's options."""

from dataclasses import fields

import pytest

from servescope.autoscaler.options import PolicyOptions
from servescope.config.model.autoscale import Autoscale, Mode
from servescope.config.model.objectives import Objectives
from servescope.config.model.options import ModelOptions
from servescope.scaling.scaled import policy_options


@pytest.mark.parametrize("slot", [slot.name for slot in fields(Autoscale) if slot.name != "mode"])
def test_the_defaults_are_the_policys(slot):
    """They stand in two layers, which do not know each other: what a page says of them is what is scored."""
    assert getattr(Autoscale(), slot) == getattr(PolicyOptions(), slot)


def test_everything_that_is_asked_for_is_told():
    """Bounds, the objective and the keys of the section."""
    autoscale = Autoscale(mode=Mode.ACT, window_s=30.0, to_zero_after_s=90.0, target_per_worker=2.0)
    options = ModelOptions(
        min_workers=2,
        max_workers=5,
        objectives=Objectives(latency_s=0.25, latency_target=0.999),
        autoscale=autoscale,
    )
    told = policy_options(options, 8)
    assert (told.min_workers, told.max_workers, told.at_once) == (2, 5, 8)
    assert (told.objective_s, told.target) == (0.25, 0.999)
    assert (told.window_s, told.to_zero_after_s, told.target_per_worker) == (30.0, 90.0, 2.0)


def test_without_an_objective():
    """The policy takes its own; availability alone says nothing of time."""
    for objectives in (None, Objectives(availability_target=0.99)):
        told = policy_options(ModelOptions(min_workers=1, max_workers=2, objectives=objectives), None)
        assert (told.objective_s, told.at_once) == (0.0, None)
