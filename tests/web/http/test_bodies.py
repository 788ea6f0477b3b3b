"""Bodies are taken apart as Python's own encoders put them together, however they are cut."""

import itertools
import urllib.parse

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from servescope.errors import BadRequest
from servescope.web.http.bodies import form_fields, message_fields, mime_of, raw_fields
from servescope.wire.frames import INLINE_LIMIT
from servescope.wire.messages import Field

URLENCODED = b"application/x-www-form-urlencoded"
NAMES = st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=8)


def cut(data, places):
    edges = [0, *sorted({place % (len(data) + 1) for place in places}), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(edges)]


def multipart(**parts):
    """Content type and body as httpx writes them."""
    request = httpx.Request("POST", "http://h/", **parts)
    return request.headers["content-type"].encode(), request.read()


@given(
    st.dictionaries(NAMES, st.text(st.characters(exclude_categories=["Cs"]), max_size=20), min_size=1, max_size=4),
    st.lists(st.integers(0, 300), max_size=5),
)
def test_urlencoded(values, places):
    """Names and values come out decoded, without a MIME type."""
    body = urllib.parse.urlencode(values).encode()
    assert form_fields(URLENCODED, cut(body, places)) == {name: ("", text.encode()) for name, text in values.items()}


def test_urlencoded_odds():
    """No value, no name, a sign of equality in the value, the last of a repeated name, bytes that are no text."""
    found = form_fields(URLENCODED + b"; charset=utf-8", [b"a&b=&c=1=2&d=1&d=2&e=%ff%00+"])
    assert found == {"a": ("", b""), "b": ("", b""), "c": ("", b"1=2"), "d": ("", b"2"), "e": ("", b"\xff\x00 ")}


def test_json_sent_as_a_form():
    """Curl -d without a Content-Type: what has no `=` at the end is no field, as with a real TorchServe 0.12."""
    assert form_fields(URLENCODED, [b'{"a": 1}']) == {}
    assert form_fields(URLENCODED, [b'{"a": 1}&b=']) == {'{"a": 1}': ("", b""), "b": ("", b"")}


FILES = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "data", "ü"]),
        st.binary(max_size=60),
        st.sampled_from(["", "text/plain", "application/json"]),
    ),
    min_size=1,
    max_size=4,
)


@settings(deadline=None)
@given(FILES, st.lists(st.integers(0, 900), max_size=8))
def test_files(files, places):
    """Bytes as they were, each with its part's MIME type; of a repeated name the last wins."""
    parts = [(name, ("f.bin", data, kind or "image/png")) for name, data, kind in files]
    content_type, body = multipart(files=parts)
    expected = {name: (kind or "image/png", data) for name, data, kind in files}
    assert form_fields(content_type, cut(body, places)) == expected


def test_fields_and_files():
    """Text fields have no MIME type, parameters of a type are dropped."""
    files = {"f": ("n.json", b"{}", "Application/JSON; charset=utf-8"), "empty": ("x", b"", "text/csv")}
    content_type, body = multipart(data={"t": "v ü"}, files=files)
    found = form_fields(content_type, [body])
    assert found == {"t": ("", "v ü".encode()), "f": ("application/json", b"{}"), "empty": ("text/csv", b"")}


def test_a_large_file():
    """Whole, and from many pieces."""
    data = bytes(range(256)) * 8192
    content_type, body = multipart(files={"f": ("n", data, "image/png")})
    pieces = [body[at : at + 65536] for at in range(0, len(body), 65536)]
    assert form_fields(content_type, pieces)["f"] == ("image/png", data)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (b"multipart/form-data", b"--x\r\n"),
        (b"multipart/form-data; boundary=x", b"no boundary at all"),
        (b"multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data\r\n\r\nv\r\n--x--\r\n"),
        (b"multipart/form-data; boundary=x", b"--x\r\n: broken\r\n\r\n"),
        (b"multipart/form-data; boundary=" + b"x" * 1000, b"--x\r\n"),
    ],
)
def test_no_forms(content_type, body):
    """400, and never another error."""
    with pytest.raises(BadRequest, match="multipart/form-data"):
        form_fields(content_type, [body])


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=80), st.binary(max_size=150))
def test_noise(parameters, noise):
    """Whatever a stranger sends is a form, or 400."""
    for content_type in (URLENCODED, b"multipart/form-data; boundary=x", b"multipart/form-data;" + parameters):
        try:
            found = form_fields(content_type, [b"--x\r\n" + noise, noise])
        except BadRequest:
            continue
        assert all(isinstance(name, str) and isinstance(data, bytes) for name, (_, data) in found.items())


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


def test_fields_of_a_message():
    """Large values become attachments, in the order of their fields."""
    large, larger = b"x" * (INLINE_LIMIT + 1), b"y" * (INLINE_LIMIT + 2)
    fields, attachments = message_fields({"a": ("k/l", large), "b": ("", b"small"), "c": ("", larger)})
    assert fields == [Field("a", "k/l", len(large)), Field("b", "", b"small"), Field("c", "", len(larger))]
    assert attachments == [large, larger]
