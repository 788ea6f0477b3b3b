"""A form that lies in memory of its own has the fields that it has in bytes, whatever it is like; its large parts stay there."""

import gc
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bodies import bodies_open
from servescope.errors import BadRequest
from servescope.web.http.forms import skeleton
from servescope.web.http.forms.reading import read_form
from servescope.wire.spooled.body import Spooled, bytes_of, create

TYPE = b"multipart/form-data; boundary=b"
URLENCODED = b"application/x-www-form-urlencoded"


def spooled(data):
    body = create()
    body.append(data)
    return body


def outcome(content_type, pieces):
    """A form as it was read, in bytes; or the kind of error."""
    try:
        form = read_form(content_type, pieces)
    except BadRequest:
        return "broken"
    fields = {name: (kind, bytes_of(data)) for name, (kind, data) in form.fields.items()}
    return fields, form.repeated, form.doubt


@pytest.fixture(autouse=True)
def low(monkeypatch):
    """What is large is small here."""
    monkeypatch.setattr(skeleton, "INLINE_LIMIT", 3)


# What a form is made of, in any order: nearly always broken, in every way there is.
WORDS = [
    b"--b\r\n", b"\r\n--b\r\n", b"\r\n--b--\r\n", b"\r\n--b--", b"\r\n--b \r\n", b"\r\n--bx", b"--b", b"\r\n", b"\r", b"-", b"xxxx",
    b"\r\n\r\n", b'Content-Disposition: form-data; name="a"\r\n', b'Content-Disposition: form-data; name="f"; filename="x"\r\n',
    b"Content-Type: image/png\r\n", b"Content-Transfer-Encoding: base64\r\n", b"content-transfer-encoding: binary\r\n", b"eHh4eHg=",
]  # fmt: skip


@settings(max_examples=400)
@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=20))
def test_anything(words):
    """The same fields, doubts and errors."""
    body = b"".join(words)
    assert outcome(TYPE, [spooled(body)]) == outcome(TYPE, [body])


PARTS = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "c"]),
        st.booleans(),
        st.sampled_from([b"", b"xy", b"\r\n--", b"long" * 30, b"\r\n\r\nx--b"]),
    ),
    min_size=1,
    max_size=6,
)


def form_of(parts, ending=b"\r\n--b--\r\n", more=b""):
    lines = []
    for name, is_file, data in parts:
        file = b'; filename="x"\r\nContent-Type: image/png' if is_file else b""
        lines.append(b'Content-Disposition: form-data; name="%b"%b\r\n%b\r\n%b' % (name.encode(), file, more, data))
    return b"--b\r\n" + b"\r\n--b\r\n".join(lines) + ending


@settings(max_examples=300)
@given(
    PARTS,
    st.sampled_from([b"\r\n--b--\r\n", b"\r\n--b--", b"\r\n--b--\r\nepilogue\r\n--b\r\n\r\nxxxxxx", b"", b"\r\n--b"]),
)
def test_forms(parts, ending):
    """With its end and without, parts that have one name, and parts that look like a boundary."""
    body = form_of(parts, ending)
    assert outcome(TYPE, [spooled(body)]) == outcome(TYPE, [body])


def test_large_parts_stay():
    """In one memory; small ones are bytes, as they travel in a message."""
    body = form_of([("a", True, b"long" * 30), ("b", False, b"xy"), ("c", False, b"text" * 10)])
    fields = read_form(TYPE, [spooled(body)]).fields
    large, small, text = fields["a"], fields["b"], fields["c"]
    assert (large[0], small, text[0]) == ("image/png", ("", b"xy"), "")
    assert isinstance(large[1], Spooled)
    assert large[1].descriptor == text[1].descriptor
    assert (large[1].read(), text[1].read()) == (b"long" * 30, b"text" * 10)


def test_nothing_stays_of_it():
    """Once nobody has the form, without the garbage collector."""
    body = form_of([("a", True, b"long" * 30)])
    before = bodies_open()
    gc.disable()
    try:
        form = read_form(TYPE, [spooled(body)])
        assert bodies_open() == before + 1
        del form
        assert bodies_open() == before
    finally:
        gc.enable()


@pytest.mark.parametrize(
    ("encoding", "stays"), [(b"binary", True), (b"8bit", True), (b"base64", False), (b"quoted-printable", False)]
)
def test_encoded_parts(encoding, stays):
    """Are decoded, so they cannot stay; what only says that it is not encoded does."""
    body = form_of([("a", True, b"eHh4eHg=")], more=b"Content-Transfer-Encoding: %b\r\n" % encoding)
    assert isinstance(read_form(TYPE, [spooled(body)]).fields["a"][1], Spooled) == stays
    assert outcome(TYPE, [spooled(body)]) == outcome(TYPE, [body])


@settings(max_examples=300)
@given(
    st.lists(
        st.sampled_from([b"a", b"=", b"&", b"%20", b"\n", b"\x00", b"\xff", b'{"', b"x" * 50, b"+"]),
        min_size=1,
        max_size=20,
    )
)
def test_urlencoded(words):
    """The same fields and doubts, whether it is a form or not."""
    body = b"".join(words)
    assert outcome(URLENCODED, [spooled(body)]) == outcome(URLENCODED, [body])


@pytest.mark.parametrize("cut", [1, 7])
def test_beside_other_pieces(cut):
    """A body that could not be kept in one piece is read as well."""
    body = form_of([("a", True, b"long" * 30)])
    pieces = [body[start:end] for start, end in itertools.pairwise([0, cut, len(body)])]
    assert outcome(TYPE, [spooled(pieces[0]), pieces[1]]) == outcome(TYPE, [body])
