"""The last line of an error's text: what is told of it in a line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.errors import last_line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", ""),
        ("one", "one"),
        ("one\ntwo\r\n\n  ", "two"),
        ("ünï→", "ünï→"),
        ("\x1b[2J\x00\tb \udcff", "\\x1b[2J\\x00\\tb \\udcff"),
        ("x" * 501, "x" * 500 + "…"),
    ],
)
def test_last_line(text, line):
    """Without blank ones; cut; a terminal obeys nothing in it."""
    assert last_line(text) == line


@given(st.text())
def test_any_text(text):
    """One line that can be printed, of bounded length."""
    line = last_line(text)
    assert line.isprintable()
    assert len(line) <= 501
