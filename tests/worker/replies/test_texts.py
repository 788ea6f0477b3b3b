"""Whatever a handler raises is told in a text that a reply can hold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.worker.replies.texts import TEXT_LIMIT, shorten, text_of, traceback_of


@given(st.text(), st.integers(40, 80))
def test_shortening(text, limit):
    """What is short is as it was but for what UTF-8 cannot say; what is long is at most as long as was asked, with a mark."""
    short = shorten(text, limit)
    whole = text.encode("utf-8", "backslashreplace")
    if len(whole) <= limit:
        assert short.encode() == whole
    else:
        assert len(short.encode()) <= limit
        assert short.endswith(f"… (cut: {len(text)} characters)")


@pytest.mark.parametrize(
    ("value", "text"),
    [(ValueError("no"), "no"), (10**5000, "int (which cannot be shown: ValueError)"), ("\udc80", "\\udc80")],
    ids=["error", "huge", "lone"],
)
def test_whatever_is_raised(value, text):
    """Has a text."""
    assert text_of(value) == text


def test_a_text_of_a_gigabyte():
    """Is cut before anything is done with it."""
    assert len(text_of("é" * 10_000_000).encode()) <= TEXT_LIMIT


def raised(text):
    try:
        raise ValueError(text)
    except ValueError as error:
        return error


@pytest.mark.parametrize("text", ["short", "\udc80", "x" * 200_000, "é" * 100_000], ids=range(4))
def test_tracebacks(text):
    """Keep their beginning and their end."""
    shown = traceback_of(raised(text))
    assert shown.startswith("Traceback (most recent call last)")
    assert shown[-3:-1] in text or text == "\udc80"
    assert len(shown.encode()) <= TEXT_LIMIT
    assert ("… (cut: " in shown) == (len(text) > 1000)
