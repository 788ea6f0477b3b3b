"""Compressed bodies come out as they were before, however they are cut; never more than the limit, and never for long at a time."""

import gzip
import random
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.errors import BadRequest, BodyTooLarge, UnsupportedEncoding
from servescope.web.http.decompression import SLICE, decode_body
from servescope.web.http.request import Request
from servescope.wire.frames import INLINE_LIMIT
from servescope.wire.spooled.body import Spooled, spool

LIMIT = 10_000_000


def bare(data):
    """Deflate without zlib's header, as some clients send it."""
    maker = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return maker.compress(data) + maker.flush()


ENCODERS = {b"gzip": gzip.compress, b"X-GZip": gzip.compress, b"deflate": zlib.compress, b" Deflate ": bare}


def decoded(encoding, body, *, step=None, limit=LIMIT):
    """The decoded request, and how often others had their turn."""
    pieces = [body] if step is None else [body[at : at + step] for at in range(0, len(body), step)]
    headers = [(b"Content-Encoding", encoding), (b"Content-Length", b"%d" % len(body)), (b"a", b"b")]
    request = Request(
        headers=headers, content_encoding=encoding, body=[piece for piece in pieces if piece], size=len(body)
    )
    return request, sum(1 for _ in decode_body(request, limit))


@pytest.mark.parametrize("encoding", ENCODERS)
@given(data=st.binary(max_size=300), step=st.integers(1, 40))
def test_there_and_back(encoding, data, step):
    """In any pieces, one byte each too."""
    request, _ = decoded(encoding, ENCODERS[encoding](data), step=step)
    assert b"".join(request.body) == data


def test_what_the_handler_sees_of_the_headers():
    """None of the encoding; the length is the body's; what was received is still known."""
    body = gzip.compress(b"x" * 1000)
    request, _ = decoded(b"gzip", body)
    assert request.headers == [(b"Content-Length", b"1000"), (b"a", b"b")]
    assert (request.body, request.size) == ([b"x" * 1000], len(body))


def test_several_codings():
    """Undone in the opposite order; identity is none."""
    request, _ = decoded(b"deflate, identity,gzip", gzip.compress(zlib.compress(b"text")))
    assert request.body == [b"text"]
    assert decoded(b"identity", b"text")[0].body == [b"text"]


@pytest.mark.parametrize("step", [None, 1])
def test_members_of_a_gzip_body(step):
    """Many make one body, padded with zeros or not."""
    members = [b"first", b"", b"second"]
    body = b"".join(map(gzip.compress, members)) + b"\0" * 20
    assert b"".join(decoded(b"gzip", body, step=step)[0].body) == b"firstsecond"


def test_many_small_members_are_few_pieces():
    """Which would take much more memory than they hold."""
    request, _ = decoded(b"gzip", gzip.compress(b"ab") * 5000)
    assert request.body == [b"ab" * 5000]


@pytest.mark.parametrize(
    ("encoding", "words"),
    [
        (b"br", "'br'"),
        (b"gzip, zstd", "'zstd'"),
        (b"nonsense", "gzip, deflate or identity"),
        (b"gzip," * 4, "4 codings"),
    ],
)
def test_unknown_codings(encoding, words):
    """415 that names it, and those that would do."""
    with pytest.raises(UnsupportedEncoding, match=words):
        decoded(encoding, b"x")


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        (b"gzip", b"plain text"),
        (b"deflate", b"\xff\xff plain"),
        (b"gzip", gzip.compress(b"text")[:-1]),
        (b"gzip", gzip.compress(b"text")[:5]),
        (b"deflate", zlib.compress(b"text")[:-2]),
        (b"gzip", gzip.compress(b"text") + b"junk"),
        (b"deflate", zlib.compress(b"text") + b"junk"),
        (b"deflate", bare(b"text") + b"junk"),
        (b"gzip", gzip.compress(b"text")[:-5] + b"\0\0\0\0\0"),
    ],
)
@pytest.mark.parametrize("step", [None, 1])
def test_what_is_not_what_it_says(encoding, body, step):
    """400: cut short, followed by something, damaged, or of another kind."""
    with pytest.raises(BadRequest, match="Content-Encoding"):
        decoded(encoding, body, step=step)


def test_a_body_that_is_larger_than_it_looks():
    """413 as soon as it is over the limit; just at it is not."""
    assert sum(map(len, decoded(b"gzip", gzip.compress(bytes(1000)), limit=1000)[0].body)) == 1000
    with pytest.raises(BodyTooLarge, match=r"gzip.*max_request_size"):
        decoded(b"gzip", gzip.compress(bytes(1001)), limit=1000)
    with pytest.raises(BodyTooLarge):
        decoded(b"gzip, gzip", gzip.compress(gzip.compress(bytes(LIMIT + 1))))


@pytest.mark.parametrize("encoding", [b"gzip", b"gzip, deflate"])
@pytest.mark.parametrize("size", [0, 1, INLINE_LIMIT, INLINE_LIMIT + 1, SLICE, SLICE + 1, 5 * SLICE])
def test_in_memory_of_its_own(size, encoding):
    """What is large, both of what comes in and of what comes out."""
    data = random.Random(size).randbytes(size)
    body = gzip.compress(data) if encoding == b"gzip" else zlib.compress(gzip.compress(data))
    pieces = [body]
    assert spool(pieces)
    request = Request(content_encoding=encoding, body=pieces, size=len(body))
    for _ in decode_body(request, LIMIT, spools=True):
        pass
    assert request.whole_body == data
    assert [type(piece) is Spooled for piece in request.body] == ([size > INLINE_LIMIT] if size else [])


def test_a_spooled_body_is_as_broken():
    """As one in bytes."""
    pieces = [gzip.compress(bytes(1000))[:-1]]
    assert spool(pieces)
    with pytest.raises(BadRequest, match="cut short"):
        list(decode_body(Request(content_encoding=b"gzip", body=pieces, size=9), LIMIT, spools=True))


@pytest.mark.parametrize("data", [bytes(8 * SLICE), bytes(range(256)) * (8 * SLICE // 256)])
def test_others_have_their_turns(data):
    """At least once a slice of what comes out."""
    assert decoded(b"gzip", gzip.compress(data))[1] >= 7


@given(st.binary(max_size=200), st.sampled_from([b"gzip", b"deflate", b"deflate,gzip"]))
def test_noise(noise, encoding):
    """Whatever a stranger sends is a body, or 400."""
    try:
        decoded(encoding, noise)
    except BadRequest:
        pass
