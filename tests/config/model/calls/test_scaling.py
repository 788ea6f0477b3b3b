"""The parameters of PUT /models/{name}."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.config.model.autoscale import Mode
from servescope.config.model.calls.scaling import ScaleOptions, parse_scale
from servescope.errors import BadRequest


def read(params, most=16):
    warnings = []
    return parse_scale(params, warnings.append, most), warnings


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, ScaleOptions(min_worker=1)),
        ({"min_worker": "3"}, ScaleOptions(min_worker=3)),
        ({"min_worker": "0"}, ScaleOptions(min_worker=0)),
        ({"max_worker": "4"}, ScaleOptions(max_worker=4)),
        ({"autoscale": "Act"}, ScaleOptions(autoscale=Mode.ACT)),
        ({"autoscale": "off", "min_worker": "2"}, ScaleOptions(autoscale=Mode.OFF, min_worker=2)),
        (
            {"min_worker": "", "max_worker": "", "synchronous": "", "model_version": ""},
            ScaleOptions(min_worker=1),
        ),
        ({"min_worker": "2", "max_worker": ""}, ScaleOptions(min_worker=2)),
        (
            {"min_worker": "2", "max_worker": "4", "synchronous": "true", "model_version": "2.0"},
            ScaleOptions(min_worker=2, max_worker=4, synchronous=True, model_version="2.0"),
        ),
    ],
)
def test_scale(params, expected):
    """Nothing at all is TorchServe's min_worker=1; asynchronous unless asked for; what is empty of TorchServe's is not given."""
    assert read(params) == (expected, [])


@pytest.mark.parametrize(
    ("asked", "there", "fixed", "autoscaled"),
    [
        ({"min_worker": 3}, (1, 4), (3, 3), (3, 4)),
        ({"min_worker": 6}, (1, 4), (6, 6), (6, 6)),
        ({"min_worker": 0}, (1, 4), (0, 0), (0, 0)),
        ({"max_worker": 4}, (2, 3), (1, 4), (2, 4)),
        ({"max_worker": 1}, (2, 3), (1, 1), (1, 1)),
        ({"min_worker": 2, "max_worker": 2}, (1, 4), (2, 2), (2, 2)),
        ({"min_worker": 0, "max_worker": 4}, (1, 4), (0, 4), (0, 4)),
    ],
)
def test_bounds_that_are_asked_for(asked, there, fixed, autoscaled):
    """TorchServe's defaults where nobody scales; else one bound alone moves the other only where it must, but for a floor of 0,
    which alone is to have no workers.
    """
    assert ScaleOptions(**asked).bounds(*there, autoscaled=False) == fixed
    assert ScaleOptions(**asked).bounds(*there, autoscaled=True) == autoscaled


def test_a_maximum_below_the_default_minimum():
    """As TorchServe: min_worker is 1 where only max_worker is given, unless the model is autoscaled."""
    with pytest.raises(BadRequest, match=r"^max_worker cannot be less than min_worker\.$"):
        ScaleOptions(max_worker=0).bounds(1, 1, autoscaled=False)
    assert ScaleOptions(max_worker=0).bounds(1, 1, autoscaled=True) == (0, 0)


@pytest.mark.parametrize("text", ["on", "true", "acting", "ACT ", ""])
def test_an_autoscale_that_is_no_mode(text):
    """400 that names the parameter, the modes and the value."""
    with pytest.raises(BadRequest) as caught:
        read({"autoscale": text})
    assert str(caught.value) == f"Parameter autoscale is none of off, advise, act: {text!r}"


def test_scale_max_below_min():
    """With the contract's words."""
    with pytest.raises(BadRequest, match=r"^max_worker cannot be less than min_worker\.$"):
        read({"min_worker": "3", "max_worker": "1"})


@pytest.mark.parametrize("name", ["min_worker", "max_worker"])
@pytest.mark.parametrize("text", ["abc", "-1", "1.5", "-" + "9" * 50])
def test_scale_bad_numbers(name, text):
    """400 that names parameter and value (departure): TorchServe answers -1 with 500."""
    with pytest.raises(BadRequest, match=rf"^Parameter {name} .*: '{text}'$"):
        read({name: text})


@pytest.mark.parametrize("name", ["min_worker", "max_worker"])
@pytest.mark.parametrize("text", ["17", "2000000000", "9" * 5000], ids=["17", "10", "5000"])
def test_workers_have_a_bound(name, text):
    """Which is named."""
    with pytest.raises(BadRequest) as caught:
        read({name: text})
    assert str(caught.value).startswith(f"Parameter {name} must be at most 16 (max_workers_per_model): '{text[:70]}")
    assert read({name: "16", "max_worker": "16"})[0].max_worker == 16


def test_unknown_parameters_are_told():
    """Those of TorchServe's that mean nothing there either are not."""
    assert read({"workers": "4", "number_gpu": "1", "timeout": "-1"})[1] == ["unknown parameter workers is ignored"]


@given(
    st.dictionaries(
        st.sampled_from(["min_worker", "max_worker", "autoscale", "synchronous", "model_version", "x"]), st.text()
    )
)
def test_any_query_is_read_or_refused(params):
    """No query raises anything but BadRequest."""
    with contextlib.suppress(BadRequest):
        read(params)
