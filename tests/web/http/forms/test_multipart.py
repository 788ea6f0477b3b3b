"""Multipart forms are taken apart as httpx puts them together; what is broken is named."""

import gc
import sys

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from servescope.errors import BadRequest
from servescope.web.http.forms.multipart import read_multipart

TYPE = b"multipart/form-data; boundary=x"
FILE = b'content-disposition: form-data; name="f"; filename="n"\r\n'
TEXT = b'content-disposition: form-data; name="f"\r\n'


def multipart(**parts):
    """Content type and body as httpx writes them."""
    request = httpx.Request("POST", "http://h/", **parts)
    return request.headers["content-type"].encode(), request.read()


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
@given(FILES)
def test_files(files):
    """Bytes as they were, each with its part's MIME type; of a repeated name the last wins."""
    parts = [(name, ("f.bin", data, kind or "image/png")) for name, data, kind in files]
    content_type, body = multipart(files=parts)
    expected = {name: (kind or "image/png", data) for name, data, kind in files}
    assert read_multipart(content_type, body).fields == expected


def test_fields_and_files():
    """Text fields have no MIME type, parameters of a type are dropped."""
    files = {"f": ("n.json", b"{}", "Application/JSON; charset=utf-8"), "empty": ("x", b"", "text/csv")}
    content_type, body = multipart(data={"t": "v ü"}, files=files)
    found = read_multipart(content_type, body).fields
    assert found == {"t": ("", "v ü".encode()), "f": ("application/json", b"{}"), "empty": ("text/csv", b"")}


def test_a_large_file():
    """Whole."""
    data = bytes(range(256)) * 8192
    content_type, body = multipart(files={"f": ("n", data, "image/png")})
    assert read_multipart(content_type, body).fields["f"] == ("image/png", data)


@pytest.mark.parametrize("body", [b'{"a": "b=c"}', b"\x89PNG\r\n\x1a\n", b"a=1", b"\r\n"])
def test_multipart_without_its_boundary(body):
    """It says form and is none; an empty one has no fields, as before."""
    form = read_multipart(TYPE, body)
    assert form.doubt
    assert form.fields == {}
    assert read_multipart(TYPE, b"").doubt == ""


@pytest.mark.parametrize(
    ("content_type", "body", "why"),
    [
        (b"multipart/form-data", b"--x\r\n", "its type names no boundary"),
        (b"multipart/form-data; boundary=", b"----\r\n", "its type names no boundary"),
        (TYPE, b"before --x\r\n", "boundary"),
        (
            TYPE,
            b"--x\r\nContent-Disposition: form-data\r\n\r\nv\r\n--x--\r\n",
            "no name: content-disposition: 'form-data'",
        ),
        (TYPE, b"--x\r\n\r\nv\r\n--x--\r\n", "no name: content-disposition: ''"),
        (TYPE, b"--x\r\n: broken\r\n\r\n", "header"),
        (b"multipart/form-data; boundary=" + b"x" * 1000, b"--x\r\n", "1000"),
    ],
)
def test_broken_ones(content_type, body, why):
    """400 that says why, and never another error."""
    with pytest.raises(BadRequest, match=f"Malformed multipart/form-data body: .*{why}"):
        read_multipart(content_type, body)


WHOLE = b"--x\r\n" + FILE + b"\r\n12\r\n--x\r\n" + TEXT.replace(b"f", b"t") + b"\r\nv\r\n--x--"


# Where it ends with a part's boundary, nothing of it is lost.
AFTER_FIRST = WHOLE.index(b"\r\n--x\r\n", 3) + len(b"\r\n--x\r\n")


@pytest.mark.parametrize("length", sorted(set(range(1, len(WHOLE))) - {AFTER_FIRST}))
def test_one_that_is_cut_off(length):
    """Is never taken for one that has fewer fields."""
    with pytest.raises(BadRequest, match="Malformed multipart/form-data body: it ends within "):
        read_multipart(TYPE, WHOLE[:length])


@pytest.mark.parametrize(
    "ending", [b"\r\n--x--", b"\r\n--x--\r\n", b"\r\n--x--epilogue", b"\r\n--x\r\n", b"\r\n--x \t\r\n"]
)
def test_ends_that_lose_nothing(ending):
    """Also the boundary of a part that does not come, as TorchServe takes it."""
    assert read_multipart(TYPE, b"--x\r\n" + FILE + b"\r\n12" + ending).fields == {
        "f": ("application/octet-stream", b"12")
    }


def test_one_without_parts():
    """Has no fields, and is one."""
    form = read_multipart(TYPE, b"--x--\r\n")
    assert (form.fields, form.doubt) == ({}, "")


@pytest.mark.parametrize(("head", "kind"), [(FILE, "application/octet-stream"), (TEXT, "")], ids=["file", "text"])
@pytest.mark.parametrize(
    ("encoding", "sent", "read"),
    [
        (b"base64", b"aGVs\r\nbG8=\r\n", b"hello"),
        (b" BASE64 ", b"aGVsbG8=", b"hello"),
        (b"Quoted-Printable", b"hel=\r\nlo=21", b"hello!"),
        (b"binary", b"aGVsbG8=", b"aGVsbG8="),
        (b"8bit", b"=21\xff", b"=21\xff"),
        (b"7bit", b"=21", b"=21"),
        (b"utf-8", b"=21", b"=21"),
        (b"", b"=21", b"=21"),
    ],
)
def test_encoded_parts(head, kind, encoding, sent, read):
    """Are read as they were, text and files alike; what says something else is as it came."""
    part = head + b"Content-Transfer-Encoding: " + encoding + b"\r\n\r\n" + sent
    after = b"\r\n--x\r\n" + TEXT.replace(b"f", b"t") + b"\r\n=21\r\n--x--"
    assert read_multipart(TYPE, b"--x\r\n" + part + after).fields == {"f": (kind, read), "t": ("", b"=21")}


def test_broken_base64():
    """400 that names the field."""
    body = b"--x\r\n" + FILE + b"content-transfer-encoding: base64\r\n\r\naGVsbG8\r\n--x--"
    with pytest.raises(BadRequest, match="the field 'f': base64 ends in the middle: 7 letters, and 0 = behind them"):
        read_multipart(TYPE, body)


def test_a_form_goes_with_its_last_reader():
    """Its parts are not kept until the garbage collector comes."""
    content_type, body = multipart(files={"f": b"x" * 100})
    gc.collect()
    gc.disable()
    try:
        form = read_multipart(content_type, body)
        assert form.fields["f"][1] == b"x" * 100
        fields = form.fields
        del form
        assert sys.getrefcount(fields) == 2
    finally:
        gc.enable()
