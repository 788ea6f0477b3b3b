"""The slo section of model-config.yaml."""

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from servescope.config.model.config import parse_model_config
from servescope.config.model.objectives import SLO_KEYS, Objectives, parse_objectives
from servescope.errors import BadRequest

WHERE = "digits.mar: model-config.yaml"


def refused(section):
    with pytest.raises(BadRequest) as caught:
        parse_objectives(section, WHERE)
    message = str(caught.value)
    assert message.startswith(f"{WHERE}: slo")
    return message


def test_reads_every_key():
    """Percentages become ratios and milliseconds seconds, as exact as they were written."""
    section = {
        "availability_target": 99.9,
        "abandoned_after_ms": 1500,
        "latency_ms": 2.5,
        "latency_target": 99.99,
        "ttft_ms": 300,
        "ttft_target": 95,
        "itl_ms": 0.1,
        "itl_target": 50,
    }
    assert set(section) == set(SLO_KEYS)
    assert parse_objectives(section, WHERE) == Objectives(
        availability_target=0.999,
        abandoned_after_s=1.5,
        latency_s=0.0025,
        latency_target=0.9999,
        ttft_s=0.3,
        ttft_target=0.95,
        itl_s=0.0001,
        itl_target=0.5,
    )


def test_thresholds_are_those_that_were_asked_for():
    """In the order of the label's values; availability has no time."""
    assert parse_objectives({"availability_target": 99}, WHERE).thresholds == (("availability", None, 0.99),)
    objectives = parse_objectives({"itl_ms": 40, "latency_ms": 250, "ttft_ms": 500, "ttft_target": 90}, WHERE)
    assert objectives.thresholds == (("latency", 0.25, 0.99), ("ttft", 0.5, 0.9), ("itl", 0.04, 0.99))


@pytest.mark.parametrize(
    ("section", "patience_s"),
    [
        ({"availability_target": 99}, 5),
        ({"availability_target": 99, "latency_ms": 250}, 2.5),
        ({"availability_target": 99, "latency_ms": 250, "abandoned_after_ms": 100}, 0.1),
        ({"availability_target": 99, "abandoned_after_ms": 100}, 0.1),
        ({"latency_ms": 250}, 2.5),
    ],
)
def test_how_long_is_abandoned(section, patience_s):
    """As given, else ten times the latency that is promised, else five seconds."""
    assert parse_objectives(section, WHERE).patience_s == patience_s


@pytest.mark.parametrize("section", [None, {}])
def test_an_empty_section_asks_for_nothing(section):
    """A model without objectives has no object for them."""
    assert parse_objectives(section, WHERE) is None


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ([1], "slo=[1] is no mapping"),
        ("fast", "slo='fast' is no mapping"),
        ({"latency": 3}, "latency=3 is no known key; did you mean latency_ms?"),
        ({7: True}, "7=True is no known key; its keys are availability_target"),
        ({"latency_ms": "250"}, "latency_ms='250' is no number"),
        ({"latency_ms": True}, "latency_ms=True is no number"),
        ({"latency_ms": None}, "latency_ms=None is no number"),
        ({"latency_ms": [1]}, "latency_ms=[1] is no number"),
        ({"latency_ms": math.nan}, "latency_ms=nan is no finite number"),
        ({"latency_ms": 10**400}, "is no finite number"),
        pytest.param({"latency_ms": 2**20000}, "latency_ms=a huge number is no finite number", id="huge"),
        ({"itl_ms": math.inf}, "itl_ms=inf is no finite number"),
        ({"ttft_ms": 0}, "ttft_ms=0 is no number of milliseconds above 0"),
        ({"latency_ms": -5}, "latency_ms=-5 is no number of milliseconds above 0"),
        ({"latency_ms": 5e-324}, "latency_ms=5e-324 is no number of milliseconds above 0"),
        ({"availability_target": 100}, "availability_target=100 leaves no error budget"),
        ({"availability_target": 100.5}, "availability_target=100.5 leaves no error budget"),
        ({"availability_target": None}, "availability_target=None is no number"),
        ({"availability_target": 0}, "availability_target=0 asks for nothing"),
        ({"availability_target": -1}, "availability_target=-1 asks for nothing"),
        (
            {"availability_target": 99, "abandoned_after_ms": 0},
            "abandoned_after_ms=0 is no number of milliseconds above 0",
        ),
        ({"availability_target": 99, "abandoned_after_ms": "5s"}, "abandoned_after_ms='5s' is no number"),
        ({"availability_target": 99, "abandoned_after_ms": True}, "abandoned_after_ms=True is no number"),
        ({"availability_target": 99, "abandoned_after_ms": math.inf}, "abandoned_after_ms=inf is no finite number"),
        ({"abandoned_after_ms": 50}, "abandoned_after_ms=50 needs availability_target beside it"),
        ({"abandoned_after": 50}, "abandoned_after=50 is no known key; did you mean abandoned_after_ms?"),
        ({"latency_ms": 5, "latency_target": 0}, "latency_target=0 asks for nothing"),
        ({"latency_target": 99}, "latency_target=99 needs latency_ms beside it"),
        ({"ttft_target": 99}, "ttft_target=99 needs ttft_ms beside it"),
        ({"itl_target": 99}, "itl_target=99 needs itl_ms beside it"),
    ],
)
def test_a_mistake_is_refused_by_name(section, words):
    """The message names the file, the key, its value and the reason."""
    assert words in refused(section)


def test_a_mistake_refuses_the_yaml():
    """Unlike one in TorchServe's keys, which is a warning."""
    with pytest.raises(BadRequest, match=r"^m\.mar: slo: latency_ms='1e3' is no number$"):
        parse_model_config("batchSize: four\nslo: {latency_ms: 1e3}", "m.mar")


@given(st.floats(min_value=0, max_value=100, exclude_min=True, exclude_max=True), st.floats(min_value=1e-9))
def test_targets_and_times_stay_in_bounds(percent, milliseconds):
    """Whatever is accepted leaves an error budget, and a time above 0."""
    assume(math.isfinite(milliseconds))
    section = {"availability_target": percent, "latency_ms": milliseconds, "latency_target": percent}
    try:
        objectives = parse_objectives(section, WHERE)
    except BadRequest:
        assert percent / 100 in (0.0, 1.0) or percent < 1e-300 or percent > 99.9999999999999
        return
    assert 0 < objectives.availability_target == objectives.latency_target < 1
    assert objectives.availability_target == pytest.approx(percent / 100)
    assert objectives.latency_s == pytest.approx(milliseconds / 1000)


@given(st.integers(1, 10**9), st.integers(0, 6))
def test_a_decimal_time_is_the_float_of_its_decimal(digits, places):
    """So a threshold on a bucket's bound adds no bound beside it."""
    milliseconds = float(f"{digits}e-{places}")
    assert parse_objectives({"latency_ms": milliseconds}, WHERE).latency_s == float(f"{digits}e-{places + 3}")


_YAML_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.binary(max_size=4) | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)


@given(_YAML_VALUES | st.dictionaries(st.sampled_from(list(SLO_KEYS)) | st.text(max_size=5), _YAML_VALUES))
def test_anything_is_read_or_refused(section):
    """No value that YAML makes raises anything else, and what is read is a promise that can be kept."""
    try:
        objectives = parse_objectives(section, WHERE)
    except BadRequest:
        return
    for _, seconds, target in objectives.thresholds if objectives else ():
        assert 0 < target < 1
        assert seconds is None or 0 < seconds < math.inf


def test_a_hostile_alias_is_not_written_out():
    """A nest of aliases, endless when written out, is refused in a short message."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 8)}]" for i in range(1, 30)]
    with pytest.raises(BadRequest) as caught:
        parse_model_config("\n".join([*lines, "slo: {latency_ms: *a29}"]), "m.mar")
    assert len(str(caught.value)) < 200
    assert "latency_ms=[a list, " in str(caught.value)
