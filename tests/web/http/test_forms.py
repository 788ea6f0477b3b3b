"""Forms are taken apart as Python's own encoders put them together, however they are cut; what is none is found out."""

import base64
import gc
import itertools
import json
import sys
import urllib.parse

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from servescope.errors import BadRequest
from servescope.web.http.forms import is_form, read_form

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
    assert read_form(URLENCODED, cut(body, places)).fields == {
        name: ("", text.encode()) for name, text in values.items()
    }


def test_urlencoded_odds():
    """No value, no name, a sign of equality in the value, the last of a repeated name, bytes that are no text."""
    found = read_form(URLENCODED + b"; charset=utf-8", [b"a&b=&c=1=2&d=1&d=2&e=%ff%00+"]).fields
    assert found == {"a": ("", b""), "b": ("", b""), "c": ("", b"1=2"), "d": ("", b"2"), "e": ("", b"\xff\x00 ")}


def test_an_empty_form():
    """It has no fields, and is one."""
    assert read_form(URLENCODED, []) == read_form(URLENCODED, [b""])
    assert (read_form(URLENCODED, []).fields, read_form(URLENCODED, []).doubt) == ({}, "")


@pytest.mark.parametrize(
    "body",
    [
        b"a=1",
        b"a=",
        b"a=b=c",
        b"a&b=1",
        b"a=1&b",
        b"text=hello world & more",
        b'text={"q": "x"}',
        b"text=<b>x</b>",
        b"a = 1 & b=2",
        b"a=1\r\n",
        b"a=tab\there",
        "straße=groß".encode(),
        b"a%5B%5D=1&a.b-c_d=2",
        b"a[0]=1",
        b"data=%00%ff",
        b"aGVsbG8=",
        b"a_long_name_of_a_field_that_is_empty=",
    ],
)
def test_real_forms(body):
    """Also those that no encoder has written."""
    form = read_form(URLENCODED, [body])
    assert form.doubt == ""
    assert form.fields


@pytest.mark.parametrize(
    "body",
    [
        b'{"a": 1}',
        b'{"a": "b=c"}',
        b'["a=b"]',
        b'"a=b"',
        b' \n {"q": "a&b=c"}',
        b'{"a": "b=c"',
        b"{'a': 'b=c'}",
        b'{"x": "a=1"}\n{"x": "b=2"}',
        b"5",
        b"null",
        b"hello",
        b"\x89PNG\r\n\x1a\n=\x00",
        b"\xff\xd8\xff\xe0=&",
        b"a=\x00",
        b"key = 1\nother = 2\n",
        b'<a b="c">x</a>',
        b"Dear all, x = 1",
        b"=x",
        b"&=&",
        "naïve".encode("latin-1") + b"=1",
        base64.b64encode(bytes(range(100))),
        base64.b64encode(bytes(range(104))),
        base64.urlsafe_b64encode(bytes(range(256))) + b"\n",
        b"data:image/png;base64,iVBORw0KGgo=",
        b"data:text/plain,a=b",
    ],
)
def test_what_says_form_and_is_none(body):
    """No `=`, bytes that no form has, JSON (whole or not), text, base64: there is a doubt, and no field that is rubbish."""
    for pieces in ([body], [body[:3], body[3:]]):
        form = read_form(URLENCODED, pieces)
        assert form.doubt
        assert form.fields == {}


@pytest.mark.parametrize("body", [b'{"a": "b=c"}', b"\x89PNG\r\n\x1a\n", b"a=1", b"\r\n"])
def test_multipart_without_its_boundary(body):
    """It says form and is none; an empty one has no fields, as before."""
    for pieces in ([body], [b"", body[:1], body[1:]]):
        form = read_form(b"multipart/form-data; boundary=x", pieces)
        assert form.doubt
        assert form.fields == {}
    assert read_form(b"multipart/form-data; boundary=x", []).doubt == ""


@given(
    st.recursive(st.text() | st.integers() | st.booleans(), lambda one: st.lists(one) | st.dictionaries(st.text(), one))
)
def test_no_json_is_a_form(value):
    """Whatever stands in it."""
    for text in (json.dumps(value), json.dumps(value, indent=2), json.dumps(value, ensure_ascii=False)):
        assert read_form(URLENCODED, [text.encode("utf-8", "replace")]).doubt


def test_repeated_names():
    """Are told, once each."""
    assert read_form(URLENCODED, [b"a=1&b=2&a=3&a=4&b=5&c=6"]).repeated == ["a", "b"]
    content_type, body = multipart(files=[("a", ("f", b"1", "a/b")), ("a", ("f", b"2", "a/b"))])
    assert read_form(content_type, [body]).repeated == ["a"]
    assert read_form(URLENCODED, [b"a=1&b=2"]).repeated == []


def test_which_types_are_forms():
    """In any case; multipart only with a boundary."""
    assert is_form(b"Application/X-WWW-Form-Urlencoded; charset=utf-8")
    assert is_form(b"multipart/form-data; Boundary=x")
    assert not is_form(b"multipart/form-data")
    assert not is_form(b"application/json")


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
    assert read_form(content_type, cut(body, places)).fields == expected


def test_fields_and_files():
    """Text fields have no MIME type, parameters of a type are dropped."""
    files = {"f": ("n.json", b"{}", "Application/JSON; charset=utf-8"), "empty": ("x", b"", "text/csv")}
    content_type, body = multipart(data={"t": "v ü"}, files=files)
    found = read_form(content_type, [body]).fields
    assert found == {"t": ("", "v ü".encode()), "f": ("application/json", b"{}"), "empty": ("text/csv", b"")}


def test_a_large_file():
    """Whole, and from many pieces."""
    data = bytes(range(256)) * 8192
    content_type, body = multipart(files={"f": ("n", data, "image/png")})
    pieces = [body[at : at + 65536] for at in range(0, len(body), 65536)]
    assert read_form(content_type, pieces).fields["f"] == ("image/png", data)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (b"multipart/form-data", b"--x\r\n"),
        (b"multipart/form-data; boundary=x", b"before --x\r\n"),
        (b"multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data\r\n\r\nv\r\n--x--\r\n"),
        (b"multipart/form-data; boundary=x", b"--x\r\n: broken\r\n\r\n"),
        (b"multipart/form-data; boundary=" + b"x" * 1000, b"--x\r\n"),
    ],
)
def test_no_forms(content_type, body):
    """400, and never another error."""
    with pytest.raises(BadRequest, match="multipart/form-data"):
        read_form(content_type, [body])


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=80), st.binary(max_size=150))
def test_noise(parameters, noise):
    """Whatever a stranger sends is a form, or 400."""
    for content_type in (URLENCODED, b"multipart/form-data; boundary=x", b"multipart/form-data;" + parameters):
        try:
            found = read_form(content_type, [b"--x\r\n" + noise, noise]).fields
        except BadRequest:
            continue
        assert all(isinstance(name, str) and isinstance(data, bytes) for name, (_, data) in found.items())


def test_a_form_goes_with_its_last_reader():
    """Its parts are not kept until the garbage collector comes."""
    content_type, body = multipart(files={"f": b"x" * 100})
    gc.collect()
    gc.disable()
    try:
        form = read_form(content_type, [body])
        assert form.fields["f"][1] == b"x" * 100
        fields = form.fields
        del form
        assert sys.getrefcount(fields) == 2
    finally:
        gc.enable()
