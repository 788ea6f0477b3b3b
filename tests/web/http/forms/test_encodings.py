"""What a part's Content-Transfer-Encoding has done is undone as the standard library undoes it."""

import base64
import email
import quopri

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from servescope.web.http.forms.encodings import undone

LETTERS = b"AZaz09+/"
# Also what nobody would write: one kind of sign after the other.
NOISE = st.lists(
    st.sampled_from([*[bytes([sign]) for sign in LETTERS], b"=", b"\r\n", b"-", b"\xff"]), max_size=24
).map(b"".join)


def outcome(decode, text):
    """What it makes of it, None where it refuses it."""
    try:
        return decode(text)
    except ValueError:
        return None


def by_email(data):
    """Base64 as Python's own MIME writer has it, in lines."""
    message = email.message.EmailMessage()
    message.set_content(data, "application", "octet-stream", cte="base64")
    return message.get_payload().encode()


@given(st.binary(max_size=300))
def test_mime(data):
    """What mailers write is read."""
    assert undone(b"base64", by_email(data)) == undone(b"Base64", base64.encodebytes(data)) == data


@given(st.text(st.sampled_from("ABCDabcd0189+/ \r\n\t-_.ü"), max_size=60), st.integers(0, 5))
def test_any_letters(text, pads):
    """What the standard library reads, and nothing else, so long as = stand at the end only."""
    encoded = text.encode() + b"=" * pads
    assert outcome(lambda one: undone(b"base64", one), encoded) == outcome(base64.decodebytes, encoded)


@given(NOISE)
@example(b"AA==BBBB")
@example(b"AAAA=AAAA")
@example(b"=AAAA")
def test_what_goes_on_after_its_end(encoded):
    """Is refused: half of a file would be missing."""
    signs = encoded.translate(None, b"\r\n-\xff")
    found = outcome(lambda one: undone(b"base64", one), encoded)
    if b"=" in signs.rstrip(b"="):
        assert found is None
    else:
        assert found == outcome(base64.decodebytes, encoded)


@pytest.mark.parametrize(
    ("encoded", "why"),
    [
        (b"A", "ends in the middle: 1 letters, and 0 = behind them"),
        (b"A===", "ends in the middle: 1 letters, and 3 = behind them"),
        (b"AAAA\r\nAA=", "ends in the middle: 6 letters, and 1 = behind them"),
        (b"AA==\r\nBBBB", "goes on after its end, which is the = behind 2 letters"),
    ],
)
def test_what_is_wrong(encoded, why):
    """Is said."""
    with pytest.raises(ValueError, match=why):
        undone(b"base64", encoded)


@given(st.binary(max_size=100))
def test_quoted_printable(data):
    """What the standard library writes is read."""
    assert undone(b"quoted-printable", quopri.encodestring(data, quotetabs=True)) == data


@given(st.sampled_from([b"", b"7bit", b"8BIT", b"binary", b"x-uuencode", b"base64; a=b"]), st.binary(max_size=30))
def test_what_is_no_encoding(encoding, data):
    """Leaves bytes as they are, and so does one that nobody knows."""
    assert undone(encoding, data) == data
