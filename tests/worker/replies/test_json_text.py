"""Values become JSON, numpy's and torch's too; NaN as it is wanted."""

import json

import numpy
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from servescope.wire.messages import Writing
from servescope.worker.replies.json_text import NoJson, json_bytes

NAN, INF = float("nan"), float("inf")
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda one: st.lists(one, max_size=4) | st.dictionaries(st.text(), one, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_as_python_writes_it(value):
    """By default: the very bytes of TorchServe's answers."""
    assert json_bytes(value) == json.dumps(value, indent=2).encode()


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (numpy.array([[1, 2], [3, 4]], "int8"), [[1, 2], [3, 4]]),
        (numpy.float32(0.5), 0.5),
        (numpy.longdouble(0.5), 0.5),
        ({numpy.longdouble(2.5): numpy.array([0.5], "longdouble")}, {"2.5": [0.5]}),
        (numpy.bool_(True), True),
        (numpy.array(["a", None, 5], dtype=object), ["a", None, 5]),
        ({"a": [numpy.int64(1), {"b": numpy.zeros(1)}]}, {"a": [1, {"b": [0.0]}]}),
        ({numpy.int64(3): "x", numpy.str_("k"): 1, numpy.float64(0.5): 2}, {"3": "x", "k": 1, "0.5": 2}),
        ([{"deep": {numpy.uint8(1): numpy.array([1])}}], [{"deep": {"1": [1]}}]),
        ({"t": torch.tensor([1.5]), "u": (torch.tensor(2),)}, {"t": [1.5], "u": [2]}),
    ],
)
@pytest.mark.parametrize("nan", ["keep", "null", "error"])
def test_arrays(value, plain, nan):
    """Are lists, and their scalars numbers, as values and as keys."""
    assert json.loads(json_bytes(value, Writing(nan))) == plain


@pytest.mark.parametrize(
    ("value", "kept", "nulled"),
    [
        (NAN, "NaN", None),
        ([1, INF, -INF], "[1, Infinity, -Infinity]", [1, None, None]),
        ({"a": (NAN, {"b": [NAN]})}, '{"a": [NaN, {"b": [NaN]}]}', {"a": [None, {"b": [None]}]}),
        (numpy.array([NAN, 1], "float16"), "[NaN, 1.0]", [None, 1]),
        ([numpy.float32(NAN)], "[NaN]", [None]),
        ({numpy.int8(1): NAN}, '{"1": NaN}', {"1": None}),
    ],
)
def test_nan(value, kept, nulled):
    """Kept bare, as TorchServe has it, or null, or refused."""
    assert json_bytes(value, indent=None).decode() == kept
    assert json.loads(json_bytes(value, Writing("null")), parse_constant=pytest.fail) == nulled
    with pytest.raises(NoJson, match="json_nan=error"):
        json_bytes(value, Writing("error"))


@pytest.mark.parametrize("nan", ["keep", "null", "error"])
def test_nan_as_a_key(nan):
    """Is text, as every key."""
    assert json_bytes({NAN: 1, INF: [2]}, Writing(nan), indent=None) == b'{"NaN": 1, "Infinity": [2]}'


@given(VALUES, st.sampled_from(["null", "error"]))
def test_what_leaves_is_json(value, nan):
    """For those who want JSON."""
    try:
        json.loads(json_bytes(value, Writing(nan)), parse_constant=pytest.fail)
    except NoJson:
        assert nan == "error"


@pytest.mark.parametrize("nan", ["keep", "null", "error"])
@pytest.mark.parametrize("value", [object(), [b"bytes"], {("a", "b"): 1}, {1, 2}, numpy.array([object()])])
def test_what_json_cannot_say(value, nan):
    """A TypeError, as from Python's own."""
    with pytest.raises(TypeError):
        json_bytes(value, Writing(nan))


@pytest.mark.parametrize("nan", ["keep", "null", "error"])
def test_circles(nan):
    """Are found out."""
    value = [NAN]
    value.append(value)
    with pytest.raises((ValueError, RecursionError)):
        json_bytes(value, Writing(nan))
