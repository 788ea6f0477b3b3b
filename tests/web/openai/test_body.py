"""The model that a body names, and nothing but the documented error for any other body."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.web.openai.body import model_named_in
from servescope.web.openai.errors import BadBody
from servescope.wire.spooled.body import spool

VALUES = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
NESTED = VALUES | st.lists(VALUES, max_size=3) | st.dictionaries(st.text(max_size=5), VALUES, max_size=3)


@given(st.dictionaries(st.text(max_size=5), NESTED, max_size=4), st.text(min_size=1), st.integers(0, 100))
def test_the_model_is_found(fields, name, cut):
    """Among whatever fields, and in whatever pieces the body came."""
    body = json.dumps(fields | {"model": name}).encode("utf-8", "replace")
    assert model_named_in([body[:cut], body[cut:]]) == model_named_in([body]) == name
    pieces = [body[:cut], body[cut:]]
    assert spool(pieces)
    assert model_named_in(pieces) == name


@pytest.mark.parametrize(
    "body", [b"{}", b'{"prompt": "x"}', b'{"model": null}', b'{"model": ""}', b' {"x": {"model": "y"}}\n']
)
def test_no_model(body):
    """Is no error: one model may be the only one."""
    assert model_named_in([body]) == ""


def test_the_last_of_two_counts():
    """As in Python's own reader, which the engine has."""
    assert model_named_in([b'{"model": "a", "model": "b"}']) == "b"


@pytest.mark.parametrize(
    ("body", "param", "text"),
    [
        (b"", None, "The body is no JSON"),
        (b"not json", None, "The body is no JSON"),
        (b'{"model": "m"', None, "The body is no JSON"),
        (b'{"model": "m"} x', None, "The body is no JSON"),
        (b'{"model": "\xff"}', None, "The body is no JSON"),
        (b"[]", None, "The body: Expected `object`, got `array`"),
        (b'"m"', None, "The body: Expected `object`, got `str`"),
        (b'{"model": 3}', "model", "model: Expected `str | null`, got `int`"),
        (b'{"model": {"name": "m"}}', "model", "model: Expected `str | null`, got `object`"),
        (b'{"x":' + b"[" * 200_000 + b"]" * 200_000 + b"}", None, "The body is nested too deeply."),
    ],
)
def test_bad_bodies(body, param, text):
    """Say what is wrong, and which field has it."""
    with pytest.raises(BadBody) as raised:
        model_named_in([body])
    assert raised.value.param == param
    assert raised.value.message.startswith(text)


def test_no_body_at_all():
    """Is no JSON either."""
    with pytest.raises(BadBody, match="no JSON"):
        model_named_in([])


@given(
    st.lists(
        st.binary() | st.sampled_from([b"{", b'"model":', b'"', b"}", b"\xc3", b"\\ud800", b"[", b"1e999", b"NaN"])
    )
)
def test_any_bytes(pieces):
    """A name or the error, never anything else."""
    try:
        found = model_named_in(pieces)
    except BadBody as error:
        found = error.message
    assert isinstance(found, str)
