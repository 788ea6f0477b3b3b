"""Leaves become one answer."""

import pytest

from servescope.errors import WorkerFailed
from servescope.workflows.run.answer import answer_of


def test_one_leaf():
    """Its bytes, whatever they are."""
    assert answer_of({"a": b"\xff"}) == b"\xff"


def test_several_leaves():
    """JSON as it is, text as a string, in the order of the graph."""
    answer = answer_of({"b": b'{"x": [1, 2.5]}', "a": memoryview(b"plain"), "c": b"3", "d": b""})
    assert answer == {"b": {"x": [1, 2.5]}, "a": "plain", "c": 3, "d": ""}
    assert list(answer) == ["b", "a", "c", "d"]


def test_what_has_no_place_in_json():
    """It is named; what is nested without end is text."""
    with pytest.raises(WorkerFailed, match=r"Error executing b: its answer, of 1 bytes, is neither JSON nor text"):
        answer_of({"a": b"x", "b": b"\xff"})
    assert answer_of({"a": b"[" * 100_000, "b": b"1"})["a"] == "[" * 100_000


def test_numbers_that_are_no_json():
    """NaN and the infinities, which handlers may answer with: what has one is text."""
    assert answer_of({"a": b'{"x": NaN}', "b": b"[1, -Infinity]"}) == {"a": '{"x": NaN}', "b": "[1, -Infinity]"}
