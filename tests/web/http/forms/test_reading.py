"""A body is a form or none, whichever of its types it is of, and however it is cut."""

import base64
import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from servescope.errors import BadRequest
from servescope.web.http.forms.reading import read_form

URLENCODED = b"application/x-www-form-urlencoded"
MULTIPART = b"multipart/form-data; boundary=x"


def cut(data, places):
    edges = [0, *sorted({place % (len(data) + 1) for place in places}), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(edges)]


def outcome(content_type, pieces):
    """A form as it was read, or what is wrong with it."""
    try:
        return read_form(content_type, pieces)
    except BadRequest as error:
        return error.message


def test_an_empty_form():
    """It has no fields, and is one."""
    assert read_form(URLENCODED, []) == read_form(URLENCODED, [b""])
    assert (read_form(URLENCODED, []).fields, read_form(URLENCODED, []).doubt) == ({}, "")


def test_repeated_names():
    """Are told, once each."""
    assert read_form(URLENCODED, [b"a=1&b=2&a=3&a=4&b=5&c=6"]).repeated == ["a", "b"]
    part = b'--x\r\ncontent-disposition: form-data; name="a"\r\n\r\n1\r\n'
    assert read_form(MULTIPART, [part, part, b"--x--"]).repeated == ["a"]
    assert read_form(URLENCODED, [b"a=1&b=2"]).repeated == []


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=80), st.binary(max_size=150))
def test_noise(parameters, noise):
    """Whatever a stranger sends is a form, or 400."""
    for content_type in (URLENCODED, MULTIPART, b"multipart/form-data;" + parameters):
        try:
            found = read_form(content_type, [b"--x\r\n" + noise, noise]).fields
        except BadRequest:
            continue
        assert all(isinstance(name, str) and isinstance(data, bytes) for name, (_, data) in found.items())


# What a form is made of, in any order: sometimes one, nearly always broken.
WORDS = [
    b"--x\r\n", b"\r\n--x\r\n", b"\r\n--x--", b"\r\n", b"-", b"\r\n\r\n", b'content-disposition: form-data; name="a"\r\n\r\n',
    b'content-disposition: form-data; name="f"; filename="n"\r\n', b"content-transfer-encoding: base64\r\n\r\n", b"eHh4eA==",
    b"content-transfer-encoding: quoted-printable\r\n\r\n", b"=41", b"a=b&", b"%20", b"\xff",
]  # fmt: skip


@settings(max_examples=300)
@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=15), st.lists(st.integers(0, 900), max_size=8))
def test_cuts(words, places):
    """Change nothing: not the fields, not the doubt, not the words of what is wrong."""
    body = b"".join(words)
    for content_type in (URLENCODED, MULTIPART):
        assert outcome(content_type, cut(body, places)) == outcome(content_type, [body])


TEXTS = st.tuples(st.binary(max_size=120), st.sampled_from([b"", b"\r\n", b"\n", b" ", b"\r\n\t"]), st.integers(1, 80))


@settings(max_examples=300)
@given(TEXTS, st.sampled_from([b"", b"\r\n", b"=", b"\r\n=", b"AAAA"]), st.lists(st.integers(0, 900), max_size=8))
def test_base64_in_lines(text, trailing, places):
    """However long the lines are, whatever they end with, and however the body is cut: the file, or 400 with the same words."""
    data, end, width = text
    encoded = base64.b64encode(data)
    lines = end.join([encoded[at : at + width] for at in range(0, len(encoded), width)])
    head = b'--x\r\ncontent-disposition: form-data; name="f"; filename="n"\r\ncontent-transfer-encoding: base64\r\n\r\n'
    body = head + lines + trailing + b"\r\n--x--\r\n"
    found = outcome(MULTIPART, cut(body, places))
    assert found == outcome(MULTIPART, [body])
    if trailing == b"AAAA" and len(data) % 3:
        assert "the field 'f': base64 goes on after its end" in found
    else:
        assert found.fields == {"f": ("application/octet-stream", base64.decodebytes(lines + trailing))}
