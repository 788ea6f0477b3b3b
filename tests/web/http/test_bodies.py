"""A body as the fields that a worker is sent."""

import pytest

from servescope.web.http.bodies import message_fields, mime_of, raw_fields
from servescope.wire.frames import INLINE_LIMIT
from servescope.wire.messages import Field
from servescope.wire.spooled.body import spool


@pytest.mark.parametrize(("text", "mime"), [(b"", b""), (b"Text/Plain; charset=x", b"text/plain"), (b" a/b ;", b"a/b")])
def test_mime(text, mime):
    """Lower case, no parameters."""
    assert mime_of(text) == mime


def test_raw_bodies():
    """Small ones travel in the message, large ones and those in pieces beside it, unjoined."""
    assert raw_fields(b"a/b", []) == ([Field("body", "a/b", b"")], ())
    assert raw_fields(b"", [b"x" * INLINE_LIMIT]) == ([Field("body", "", b"x" * INLINE_LIMIT)], ())
    large = [b"x" * (INLINE_LIMIT + 1)]
    assert raw_fields(b"", large) == ([Field("body", "", INLINE_LIMIT + 1)], large)
    pieces = [b"ab", b"c"]
    assert raw_fields(b"", pieces) == ([Field("body", "", 3)], pieces)


def test_spooled_bodies():
    """Are no less an attachment; what is small of them is read."""
    large, small = [b"x" * (INLINE_LIMIT + 1)], [b"x"]
    assert spool(large)
    assert spool(small)
    assert raw_fields(b"", large) == ([Field("body", "", INLINE_LIMIT + 1)], large)
    assert raw_fields(b"", small) == ([Field("body", "", b"x")], ())
    fields, attachments = message_fields({"a": ("", large[0]), "b": ("", small[0])})
    assert (fields, attachments) == ([Field("a", "", INLINE_LIMIT + 1), Field("b", "", b"x")], large)


def test_fields_of_a_message():
    """Large values become attachments, in the order of their fields."""
    large, larger = b"x" * (INLINE_LIMIT + 1), b"y" * (INLINE_LIMIT + 2)
    fields, attachments = message_fields({"a": ("k/l", large), "b": ("", b"small"), "c": ("", larger)})
    assert fields == [Field("a", "k/l", len(large)), Field("b", "", b"small"), Field("c", "", len(larger))]
    assert attachments == [large, larger]
