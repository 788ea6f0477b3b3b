"""What the policy is told of a model's options."""

from dataclasses import fields

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from servescope.autoscaler.options import PolicyOptions
from servescope.autoscaler.scaler import Scaler
from servescope.autoscaler.signals import ServiceTimes, Signals
from servescope.config.model.autoscale import AUTOSCALE_KEYS, Autoscale, Mode
from servescope.config.model.autoscale_values import parse_autoscale, resolve_autoscale
from servescope.config.model.objectives import Objectives, parse_objectives
from servescope.config.model.options import ModelOptions
from servescope.errors import BadRequest
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


def section(least: float, most: float) -> st.SearchStrategy[float]:
    """What a key may be, its bounds above all."""
    return st.sampled_from([least, most]) | st.floats(least, most)


SECTIONS = st.fixed_dictionaries(
    {}, optional={name: section(key.least, key.most) for name, key in AUTOSCALE_KEYS.items() if name != "mode"}
)
PERCENTAGES = st.floats(0, 100, exclude_min=True, exclude_max=True) | st.sampled_from([99.99999, 1e-7])
OBJECTIVES = st.fixed_dictionaries(
    {"latency_ms": st.floats(5e-324, 1e10) | st.sampled_from([1e-7, 1e10])}, optional={"latency_target": PERCENTAGES}
)


@given(SECTIONS, OBJECTIVES | st.none(), st.none() | st.integers(1, 65536))
def test_whatever_a_model_may_say_can_be_decided_by(asked, slo, at_once):
    """What its configuration is not refused for, the policy does not choke on, under load and with what engines and GPUs say."""
    try:
        autoscale = resolve_autoscale({}, parse_autoscale({"mode": "act", **asked}, "here"), "here")
        objectives = parse_objectives(slo, "here")
    except BadRequest:
        assume(False)
    options = ModelOptions(min_workers=1, max_workers=4096, objectives=objectives, autoscale=autoscale)
    scaler = Scaler(policy_options(options, at_once))
    for second in range(5):
        come = 10 * second
        numbers = Signals(second, come, come, 0, 4, 1, 0, ServiceTimes(0.1, (0.1,)), 1.0, 3, 0.5, 0, (0.9,), 2, (1.0,))
        assert 1 <= scaler.decide(numbers).workers <= 4096
