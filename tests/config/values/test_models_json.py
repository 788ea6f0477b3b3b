"""The models key."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import fields

from servescope.config.values.models_json import StartupModel, parse_models, unmatched
from servescope.config.values.parsers import GivenValue
from servescope.errors import ConfigurationError


def parse(text):
    return parse_models(GivenValue("models", text, "here", Path("/")))


def test_reads_every_setting():
    """Every setting that the contract lists has its field."""
    text = """{"m": {"1.0": {"minWorkers": 1, "maxWorkers": 2, "batchSize": 3, "maxBatchDelay": 4, "responseTimeout": 5,
        "startupTimeout": 6, "runtimeType": "python", "defaultVersion": true, "marName": "m.mar"}}}"""
    models, warnings = parse(text)
    assert warnings == []
    assert models["m"]["1.0"] == StartupModel(
        min_workers=1,
        max_workers=2,
        batch_size=3,
        max_batch_delay=4,
        response_timeout=5,
        startup_timeout=6,
        runtime_type="python",
        default_version=True,
        mar_name="m.mar",
    )


def test_leaves_out_zero_and_warns_of_the_rest():
    """0 is left out in silence, numbers below it, wrong types and unknown names with a warning that names them."""
    models, warnings = parse(
        '{"m": {"1": {"batchSize": 0, "minWorkers": -2, "maxWorkers": "3", "responseTimeout": true, "speed": 9}}}'
    )
    assert models["m"]["1"] == StartupModel()
    named = ("minWorkers=-2", "maxWorkers='3'", "responseTimeout=True", "unknown setting speed is ignored")
    assert len(warnings) == len(named)
    assert all(name in warning for name, warning in zip(named, warnings, strict=True))


@pytest.mark.parametrize("text", ["{", "[]", '"x"', '{"m": 1}', '{"m": {"1": []}}', "[" * 100_000, '"\ud800"'])
def test_refuses_what_is_no_object_of_objects(text):
    """The error names the key."""
    with pytest.raises(ConfigurationError, match="models="):
        parse(text)


NUMBERS = {
    "minWorkers": 4096,
    "maxWorkers": 4096,
    "batchSize": 65_536,
    "maxBatchDelay": 86_400_000,
    "responseTimeout": 31_536_000,
    "startupTimeout": 31_536_000,
}


@pytest.mark.parametrize(("name", "bound"), NUMBERS.items())
def test_every_number_has_a_bound(name, bound):
    """The version that says more is refused by key, value and bound; the others stand."""
    for value in (bound + 1, 2 * 10**12, 2**63):
        models, warnings = parse(json.dumps({"m": {"1": {name: value}, "2": {name: bound}}, "n": {"1": {name: 1}}}))
        assert warnings == []
        assert models["m"]["1"].refusal == f"models: m 1: {name}={value} is above {bound}"
        assert (models["m"]["2"].refusal, models["n"]["1"].refusal) == ("", "")


def test_the_numbers_are_all_that_there_are():
    """A new one is to be tried above."""
    numbers = {slot.name for slot in fields(StartupModel) if "int" in str(slot.type)}
    assert len(numbers) == len(NUMBERS)


@pytest.mark.parametrize(
    ("models", "text"),
    [
        ({f"m{n}": {} for n in range(10_001)}, "models has 10001 entries, at most 10000"),
        ({"m": {str(n): {} for n in range(1001)}}, "m has 1001 entries, at most 1000"),
        ({"m": {"1": {str(n): 1 for n in range(1001)}}}, "m 1 has 1001 entries, at most 1000"),
    ],
)
def test_too_many(models, text):
    """End the start, and not by writing all of them."""
    with pytest.raises(ConfigurationError, match=text) as caught:
        parse(json.dumps(models))
    assert len(str(caught.value)) < 1500


def test_warnings_are_short():
    """Whatever the value is."""
    _, warnings = parse(
        json.dumps({"m": {"1": {"batchSize": ["x" * 1000] * 100, "y" * 1000: 1, "minWorkers": "z" * 1000}}})
    )
    assert len(warnings) == 3
    assert max(map(len, warnings)) < 200


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(), children, max_size=3),
)


@given(
    json_values
    | st.dictionaries(
        st.text(), st.dictionaries(st.text(), st.dictionaries(st.sampled_from(["batchSize", "x"]), json_values))
    )
)
def test_any_json_is_read_or_refused(value):
    """No JSON raises anything but ConfigurationError."""
    try:
        parse(json.dumps(value))
    except ConfigurationError:
        pass


def test_an_unknown_setting_that_is_like_one():
    """Is told what it is like."""
    _, (warning,) = parse('{"m": {"1": {"batchsize": 4}}}')
    assert warning == "models: m 1: unknown setting batchsize is ignored; did you mean batchSize?"


@pytest.mark.parametrize(
    ("loaded", "missing", "why"),
    [
        ({"model": ["1.0"]}, (), None),
        ({"model": ["2.0", "1.1"]}, (), "model has version 1.1, 2.0"),
        ({"modell": ["1.0"]}, (), "no model model was loaded; did you mean modell?"),
        ({"x": ["1.0"]}, (), "no model model was loaded"),
        ({}, (), "no model model was loaded"),
        ({}, ("model",), None),
        ({"model": ["2.0"]}, ("model",), "model has version 2.0"),
    ],
)
def test_entries_that_stand_for_nothing(loaded, missing, why):
    """Each is named with what there is instead; not where a model failed to load, which is said already."""
    told = unmatched({"model": {"1.0": StartupModel()}}, loaded, missing)
    text = "models: model 1.0 is nothing that was loaded, and only counts if it is registered later: "
    assert told == ([] if why is None else [text + why])
