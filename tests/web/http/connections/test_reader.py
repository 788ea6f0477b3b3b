"""Bytes → requests: the same ones however the bytes are cut, nothing that two servers could read in two ways, all within limits."""

import itertools
import sys
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.web.http.connections import reader as module
from servescope.web.http.connections.reader import HEAD_LIMIT, HEADER_LIMIT, RequestReader

LIMIT = 100
CHUNKED = "transfer-encoding: chunked"
NEXT = b"GET /next HTTP/1.1\r\n\r\n"
UPGRADE = ("connection: upgrade, http2-settings", "upgrade: h2c", "http2-settings: AAMAAABkAAQCAAAAAAIAAAAA")


def post(*lines, body=b"", version="1.1"):
    return "\r\n".join([f"POST /a HTTP/{version}", *lines, "", ""]).encode("latin-1") + body


def told(requests):
    """What is to be said of them."""
    return [(each.status or each.path, b"".join(each.body), each.keep_alive) for each in requests]


def read(*pieces, limit=LIMIT):
    reader = RequestReader(limit)
    return told([request for piece in pieces for request in reader.feed(piece)])


LAST = (400, b"", False)
GOOD_NEXT = ("/next", b"", True)


def test_bodies():
    """By length, in chunks, none; what follows is the next request. Trailers and what chunks carry besides are nobody's."""
    chunks = b"2;a=b\r\nhi\r\n1\r\n!\r\n0\r\nx-t: 1\r\n\r\n"
    sent = post("content-length: 2", body=b"hi") + post(CHUNKED, body=chunks) + post() + NEXT
    assert read(sent) == [("/a", b"hi", True), ("/a", b"hi!", True), ("/a", b"", True), GOOD_NEXT]


def test_a_body_without_a_length_gets_one():
    """As TorchServe's handlers see it; trailers are no headers, of no request."""
    reader = RequestReader(LIMIT)
    first, second = reader.feed(post(CHUNKED, body=b"2\r\nhi\r\n0\r\nx-t: 1\r\n\r\n") + NEXT)
    assert first.headers == [(b"transfer-encoding", b"chunked"), (b"content-length", b"2")]
    assert second.headers == [(b"content-length", b"0")]


SMUGGLED = [
    post("content-length: 5", CHUNKED, body=b"0\r\n\r\n"),
    post("content-length: 2", "content-length: 2", body=b"hi"),
    post("content-length: 2, 2", body=b"hi"),
    post("content-length: +2", body=b"hi"),
    post("content-length: 0x2", body=b"hi"),
    post("content-length : 2", body=b"hi"),
    post("content-length:", body=b"hi"),
    post("transfer-encoding: identity", body=NEXT),
    post("transfer-encoding: xchunked", body=b"0\r\n\r\n"),
    post("transfer-encoding: chunked, gzip", body=b"0\r\n\r\n"),
    post("transfer-encoding: \x0bchunked", body=b"0\r\n\r\n"),
    post(CHUNKED, "transfer-encoding: identity", body=b"0\r\n\r\n"),
    post("transfer-encoding:\r\n chunked", body=b"0\r\n\r\n"),
    post("x: a\r\n b: c"),
    post("x: a\rb: c"),
    post("x: a\nb: c"),
    post("x: a\0b"),
    post("\0: a"),
    b"POST /a HTTP/1.1\nhost: h\n\n",
    b"GET /a b HTTP/1.1\r\n\r\n",
    b"GET /\xc3\xa4 HTTP/1.1\r\n\r\n",
    b"GET /\x1b[31m HTTP/1.1\r\n\r\n",
    b"GET /\0 HTTP/1.1\r\n\r\n",
    b"CONNECT h:80 HTTP/1.1\r\n\r\n",
    b"CONNECT http://h/ HTTP/1.0\r\n\r\n",
    post(CHUNKED, body=b"2\nhi\n0\n\n"),
    post(CHUNKED, body=b"0x2\r\nhi\r\n0\r\n\r\n"),
    post(CHUNKED, body=b"2 \r\nhi\r\n0\r\n\r\n"),
    post(CHUNKED, body=b"10000000000000002\r\nhi\r\n0\r\n\r\n"),
    post(CHUNKED, body=b"2\r\nhiXX0\r\n\r\n"),
    post(CHUNKED, body=b"2;a\nhi\r\n0\r\n\r\n"),
    post(CHUNKED, body=b"0\r\ncontent-length: 9\r\n\r\n"),
]


@pytest.mark.parametrize("sent", SMUGGLED)
def test_what_could_be_read_in_two_ways(sent):
    """Is no HTTP: a request before it stands, nothing after it is read, in the same packet or in another."""
    assert read(NEXT + sent + NEXT, NEXT) == [GOOD_NEXT, LAST]


@pytest.mark.parametrize("kind", ["connection: close", "connection: x, Close"])
def test_what_follows_the_last_request(kind):
    """Is not read, be it a request or not, and nobody is blamed."""
    for more in (NEXT, b"GARBAGE\r\n\r\n", b"\r\n"):
        assert read(post(kind) + more, more) == [("/a", b"", False)]
    assert read(post(version="1.0") + NEXT) == [("/a", b"", False)]


@pytest.mark.parametrize("how", [{}, {"version": "1.0"}])
@pytest.mark.parametrize("connection", ["upgrade", "Upgrade, HTTP2-Settings", "upgrade, keep-alive"])
def test_another_protocol(how, connection):
    """Is not spoken: who asks for it, as Java's client does at first, has a body all the same, and that is no next request."""
    asked = (f"connection: {connection}", "Upgrade: h2c", "x: y")
    by_length = post(*asked, f"content-length: {len(NEXT)}", body=NEXT, **how)
    in_chunks = post(*asked, CHUNKED, body=b"2\r\nhi\r\n0\r\n\r\n", **how)
    goes_on = not how or "keep-alive" in connection
    for sent, body in ((by_length, NEXT), (in_chunks, b"hi"), (post(*asked, **how), b"")):
        whole = [("/a", body, goes_on)] + [GOOD_NEXT] * goes_on
        assert read(sent + NEXT) == whole
        assert read(*(bytes([byte]) for byte in sent + NEXT)) == whole
    reader = RequestReader(LIMIT)
    (request,) = reader.feed(by_length)
    assert {name for name, _ in request.headers} == {b"connection", b"x", b"content-length"}


def test_another_protocol_and_the_end_of_the_connection():
    """The body is read to its end even then."""
    assert read(post("connection: upgrade, close", "upgrade: h2c", "content-length: 2", body=b"hi") + NEXT) == [
        ("/a", b"hi", False)
    ]


def test_another_protocol_thousands_of_times():
    """On one connection, in one packet."""
    assert read(post(*UPGRADE) * 3000) == [("/a", b"", True)] * 3000
    assert read(post(*UPGRADE) + b"GARBAGE\r\n\r\n") == [("/a", b"", True), LAST]


def test_bodies_at_the_limit():
    """It passes; one byte more does not. Where its length said so, the connection goes on after it."""
    for size, status in ((LIMIT, "/a"), (LIMIT + 1, 413)):
        body = b"x" * size
        kept = body if size == LIMIT else b""
        assert read(post(f"content-length: {size}", body=body) + NEXT) == [(status, kept, True), GOOD_NEXT]
        chunks = b"%x\r\n%b\r\n0\r\n\r\n" % (size, body)
        whole = [(status, kept, size == LIMIT)] + [GOOD_NEXT] * (size == LIMIT)
        assert read(post(CHUNKED, body=chunks) + NEXT) == whole
        assert read(post(CHUNKED, body=chunks), NEXT) == whole


def test_a_body_without_end(monkeypatch):
    """Is refused at some time, once, with nothing kept of it."""
    monkeypatch.setattr(module, "_DISCARD_LIMIT", 50)
    assert read(post("content-length: 999999"), b"x" * 200, b"x" * 200) == [(413, b"", False)]


def test_100_continue():
    """Who asks first is told to go on, before the request; not in HTTP/1.0, which does not know it. Another wish is none."""
    asked = ("Expect: 100-Continue ", "content-length: 2")
    assert read(post(*asked)) == [(100, b"", True)]
    assert read(post(*asked), b"hi") == [(100, b"", True), ("/a", b"hi", True)]
    assert read(NEXT + post(*asked)) == [GOOD_NEXT, (100, b"", True)]
    assert read(post(*asked, *UPGRADE), b"hi") == [(100, b"", True), ("/a", b"hi", True)]
    assert read(post(*asked, version="1.0"), b"hi") == [("/a", b"hi", False)]
    assert read(post("expect: more", "content-length: 2"), b"hi") == [("/a", b"hi", True)]


@pytest.mark.parametrize("more", [(), UPGRADE])
def test_100_continue_for_too_much(more):
    """Is refused at once, and nothing after it is taken for a request: it may be the body, which its client chose."""
    asked = post("expect: 100-continue", f"content-length: {LIMIT + 1}", *more)
    assert read(asked, NEXT) == [(413, b"", False)]
    assert read(asked + NEXT, NEXT) == [(413, b"", False)]


@pytest.mark.parametrize("first", [b"", NEXT])
@pytest.mark.parametrize(
    ("start", "again"),
    [
        (b"GET /", b"x" * 8000),
        (b"GET / HTTP/1.1\r\n", b"x: " + b"y" * 8000 + b"\r\n"),
        (b"", b"\r\n" * 4000),
        (post(CHUNKED, body=b"0\r\n"), b"x: " + b"y" * 8000 + b"\r\n"),
        (post(CHUNKED, body=b"1;"), b"x" * 8000),
    ],
)
def test_heads_without_end(first, start, again):
    """Neither a target, nor headers, blank lines, trailers or a chunk's extensions are read for ever."""
    pieces = [again] * (HEAD_LIMIT // len(again) + 1)
    assert read(first, start, *pieces) == [GOOD_NEXT] * bool(first) + [(431, b"", False)]
    assert read(first, start, *pieces[:-2])[bool(first) :] == []


def test_a_connection_may_last():
    """What counts is what has no end: many heads and trailers after each other are well."""
    head = post("x: " + "y" * 8000, CHUNKED)
    pieces = [head, b"1\r\nx\r\n0\r\n", b"x: " + b"y" * 8000 + b"\r\n", b"\r\n"] * 50
    assert read(*pieces) == [("/a", b"x", True)] * 50


@pytest.mark.parametrize("count", [HEADER_LIMIT, HEADER_LIMIT + 1])
def test_the_number_of_headers(count):
    """Is limited, in one packet and in many: an empty header takes many times its bytes."""
    head = b"GET /next HTTP/1.1\r\n" + b"a:\r\n" * count
    expected = [GOOD_NEXT if count == HEADER_LIMIT else (431, b"", False)]
    assert read(head + b"\r\n") == expected
    assert read(head, b"\r\n") == expected


def test_tiny_chunks():
    """Take little more memory than the body that they make."""
    reader = RequestReader(1_000_000)
    reader.feed(post(CHUNKED))
    packet = b"2\r\nhi\r\n" * 1000
    tracemalloc.start()
    for _ in range(200):
        reader.feed(packet)
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 2 * 400_000
    (request,) = reader.feed(b"0\r\n\r\n")
    assert b"".join(request.body) == b"hi" * 200_000


def test_large_pieces_stay_as_they_came():
    """They are not copied together."""
    reader = RequestReader(10_000_000)
    reader.feed(post("content-length: 4000000"))
    piece = b"x" * 2000
    (request,) = [request for _ in range(2000) for request in reader.feed(piece)]
    assert list(map(len, request.body)) == [2000] * 2000


def test_a_request_that_is_out_is_forgotten():
    """A connection that is kept does not keep the last body in memory."""
    reader = RequestReader(LIMIT)
    requests = reader.feed(post("content-length: 2", body=b"hi"))
    assert sys.getrefcount(requests) <= 2
    (request,) = requests
    del requests
    assert sys.getrefcount(request) <= 2


def test_after_the_end():
    """Nothing is read."""
    reader = RequestReader(LIMIT)
    reader.feed(b"GET /")
    reader.close()
    assert reader.feed(NEXT) == []


PARTS = st.lists(
    st.sampled_from(
        [
            NEXT,
            post("content-length: 2", body=b"hi"),
            post(CHUNKED, body=b"1\r\n!\r\n2;x=y\r\nhi\r\n0\r\nt: u\r\n\r\n"),
            post("content-length: 101", body=b"x" * 101),
            post(*UPGRADE, "content-length: 22", body=NEXT),
            post(*UPGRADE),
            post("expect: 100-continue", "content-length: 2", body=b"hi"),
            b"\r\n",
            post("connection: close", "content-length: 2", body=b"hi"),
            b"GARBAGE\r\n\r\n",
        ]
    ),
    max_size=6,
)


@given(PARTS, st.lists(st.integers(0, 1000), max_size=20))
def test_however_it_is_cut(parts, cuts):
    """The requests are the same."""
    sent = b"".join(parts)
    marks = [0, *sorted(cut for cut in cuts if cut <= len(sent)), len(sent)]
    assert read(*(sent[start:end] for start, end in itertools.pairwise(marks))) == read(sent)


@given(st.lists(st.one_of(st.binary(max_size=30), st.sampled_from([*SMUGGLED, NEXT, post(*UPGRADE)])), max_size=6))
def test_any_bytes(pieces):
    """Give requests, and at most one refusal, the last; never an exception."""
    found = read(*pieces)
    assert all(keep_alive for _, _, keep_alive in found[:-1])


WHOLE = post("content-length: 2", body=b"hi")


@pytest.mark.parametrize(
    ("sent", "coming", "in_body"),
    [
        (b"", True, False),
        (b"P", True, False),
        (WHOLE, False, False),
        (WHOLE + b"\r\n", False, False),
        (WHOLE[:-1], True, True),
        (WHOLE + NEXT[:6], True, False),
        (WHOLE + WHOLE[:-1], True, True),
        (WHOLE + NEXT, False, False),
        (post("content-length: 2", "expect: 100-continue"), True, True),
        (post(CHUNKED, body=b"2\r\nhi\r\n0\r\n"), True, True),
        (post(*UPGRADE, "content-length: 2", body=b"h"), True, True),
        (post(*UPGRADE, "content-length: 2", body=b"hi"), False, False),
        (WHOLE + b"GARBAGE\r\n\r\n", False, False),
        (post("connection: close"), False, False),
    ],
)
def test_what_is_coming(sent, coming, in_body):
    """Whether more of a request is waited for, however the bytes are cut."""
    for cut in range(len(sent) + 1) if sent else [0]:
        reader = RequestReader(LIMIT)
        for piece in filter(None, (sent[:cut], sent[cut:])):  # a loop gives no empty ones
            reader.feed(piece)
        assert (reader.coming, reader.in_body and reader.coming) == (coming, in_body)


def test_empty_lines_after_a_request():
    """Are nothing, as RFC 9112 has it; the first letter of the next request is something."""
    reader = RequestReader(LIMIT)
    reader.feed(WHOLE)
    reader.feed(b"\r\n")
    assert not reader.coming
    reader.feed(b"G")
    assert reader.coming


def test_how_much_has_come():
    """Of the header, then of the body, whose wrapping does not count."""
    reader = RequestReader(LIMIT)
    reader.feed(NEXT[:5])
    assert reader.came == 5
    reader = RequestReader(LIMIT)
    reader.feed(post(CHUNKED))
    assert reader.came == 0
    reader.feed(b"2;a=bcdef\r\nhi\r\n1\r\n")
    assert reader.came == 2


def test_giving_up_a_body():
    """What came is told, and nothing is kept of it or read any more."""
    reader = RequestReader(LIMIT)
    assert reader.feed(WHOLE[:-1]) == []
    request = reader.give_up()
    assert (request.status, request.method, request.path, request.size) == (408, "POST", "/a", 1)
    assert (request.body, request.keep_alive, reader.coming) == ([], False, False)
    assert reader.feed(WHOLE[-1:] + NEXT) == []


@pytest.mark.parametrize("sent", [b"G", NEXT[:-1], WHOLE + NEXT[:6]])
def test_giving_up_a_header(sent):
    """Nobody knows whose it was."""
    reader = RequestReader(LIMIT)
    reader.feed(sent)
    request = reader.give_up()
    assert (request.status, request.method, request.keep_alive) == (408, "", False)
    assert reader.feed(NEXT) == []


def test_giving_up_nothing():
    """Says nothing."""
    reader = RequestReader(LIMIT)
    assert reader.give_up() is None
    assert reader.feed(NEXT) == []
