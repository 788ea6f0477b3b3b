"""What vLLM raised → one line that tells."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.worker.llm.reason import reason_of


class Invalid(Exception):
    """In the manner of pydantic's."""

    def errors(self):
        return [{"loc": ("dtype",), "msg": "Value error, no such type"}]


@pytest.mark.parametrize(
    ("error", "said", "reason"),
    [
        (RuntimeError("Engine core failed. See root cause above."), "OSError: no file x\nmore", "OSError: no file x"),
        (ValueError("\n  broken  \n"), "", "ValueError: broken"),
        (ValueError("first:\nsecond\nthird"), "", "ValueError: first: second"),
        (ValueError(""), "", "ValueError"),
        (Invalid("1 validation error"), "", "dtype: no such type"),
        (ValueError("Please verify it\nthe folder is empty"), "", "ValueError: the folder is empty"),
    ],
)
def test_the_most_telling_line(error, said, reason):
    """The engine's own word first; noise of many lines left out."""
    assert reason_of(error, said) == reason


@given(st.text(), st.text())
def test_any_text(text, said):
    """Whatever was said gives one line of bounded length."""
    reason = reason_of(ValueError(text), said)
    assert len(reason.splitlines()) <= 1
    assert len(reason) <= 501
