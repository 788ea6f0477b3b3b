"""Numbers and texts for a terminal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.cli.top.words import UNKNOWN, line, plain, rate, seconds, share, short, size


@pytest.mark.parametrize("write", [rate, seconds, share, size])
def test_what_is_not_known(write):
    """Is said to be so, and 0 is 0."""
    assert write(None) == UNKNOWN
    assert write(0.0).startswith("0")


def test_units():
    """Three digits, and the unit that fits them."""
    assert [seconds(0.00123), seconds(12.3456), seconds(7200)] == ["1.23 ms", "12.3 s", "120 min"]
    assert [seconds(72_000), seconds(864_000), seconds(8_640_000)] == ["20 h", "240 h", "100 d"]
    assert [size(999), size(1.5e9), size(2e15)] == ["999 B", "1.4 GiB", "1.82e+03 TiB"]
    assert [rate(0.1234), rate(12345.6), share(0.5)] == ["0.123", "12,346", "50 %"]


@given(st.lists(st.none() | st.floats(0, 1e12), max_size=200), st.integers(1, 50))
def test_lines(values, width):
    """One sign a value, the largest as high as can be, gaps where nothing is known."""
    drawn = line(values, width)
    shown = values[-width:]
    assert len(drawn) == len(shown)
    assert all((sign == " ") == (value is None) for sign, value in zip(drawn, shown, strict=True))


@given(st.text(min_size=1), st.integers(2, 40))
def test_short(text, widest):
    """Never longer, whole where it fits, and else with its beginning and its end."""
    shown = short(text, widest)
    assert len(shown) <= widest or shown == text
    assert short(text, None) == text
    if len(text) > widest:
        head, _, tail = shown.partition("…") if "…" not in text else (text[:0], "", text[len(text) :])
        assert text.startswith(head)
        assert text.endswith(tail)


@given(st.text())
def test_plain(text):
    """Nothing is left that moves a cursor, changes a colour or turns the direction of writing."""
    assert not set(plain(text)) & set("\x1b\x9b\r\x07\x08\u202e\u2066")
    assert plain("a\nb\tc ä") == "a\nb\tc ä"
