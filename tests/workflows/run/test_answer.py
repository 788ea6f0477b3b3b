"""Leaves become one answer."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.errors import WorkerFailed
from servescope.workflows.run.answer import answer_of


def test_one_leaf():
    """Its bytes, whatever they are."""
    assert answer_of({"a": b"\xff"}) == b"\xff"


def test_several_leaves():
    """JSON as it is, text as a string, in the order of the graph."""
    answer = json.loads(answer_of({"b": b'{"x": [1, 2.5]}', "a": memoryview(b"plain"), "c": b"3", "d": b""}))
    assert answer == {"b": {"x": [1, 2.5]}, "a": "plain", "c": 3, "d": ""}
    assert list(answer) == ["b", "a", "c", "d"]
    assert answer_of({"a": b"1", '\u00e9"': b"[2]"}) == '{\n  "a": 1,\n  "\u00e9\\"": [\n    2\n  ]\n}\n'.encode()


def test_what_has_no_place_in_json():
    """It is named; what is nested without end is text."""
    with pytest.raises(WorkerFailed, match=r"Error executing b: its answer, of 1 bytes, is neither JSON nor text"):
        answer_of({"a": b"x", "b": b"\xff"})
    for depth in (100, 500, 900, 990, 1000, 100_000):
        text = "[" * depth + "]" * depth
        assert answer_of({"a": text.encode(), "b": b"1"}).endswith(b',\n  "b": 1\n}\n')
    assert json.loads(answer_of({"a": b"[" * 100_000, "b": b"1"}))["a"] == "[" * 100_000


def test_numbers_that_are_no_json():
    """NaN and the infinities, which handlers may answer with: what has one is text."""
    answer = json.loads(answer_of({"a": b'{"x": NaN}', "b": b"[1, -Infinity]"}))
    assert answer == {"a": '{"x": NaN}', "b": "[1, -Infinity]"}


@pytest.mark.parametrize("number", ["1e400", "-1e400", "1e5", "12345678901234567890.5", "9" * 5000, "-0.0"])
def test_numbers_to_the_digit(number):
    """Also those that Python could not read, or would write in another way."""
    assert answer_of({"a": number.encode(), "b": f"[{number}]".encode()}).decode().split() == [
        *("{", '"a":', f"{number},", '"b":', "[", number, "]", "}")
    ]


@given(
    st.lists(
        st.one_of(st.text(max_size=12), st.text('[]{}",:0eE1.-+ntrufalse\\ ', max_size=12)), min_size=2, max_size=4
    )
)
def test_any_texts(texts):
    """The object has them all, as what they say or as they are."""
    answer = json.loads(answer_of({f"n{place}": text.encode() for place, text in enumerate(texts)}))
    assert list(answer) == [f"n{place}" for place in range(len(texts))]
    for text, value in zip(texts, answer.values(), strict=True):
        assert value == text or value == json.loads(text)
