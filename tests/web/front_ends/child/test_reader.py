"""A front end's reader finds the same requests as any other; what is large of them is in memory of its own as it comes in."""

import itertools
import os

from hypothesis import given, settings
from hypothesis import strategies as st

from bodies import bodies_open
from servescope.web.front_ends.child.reader import SpoolingReader
from servescope.web.http.connections.reader import RequestReader
from servescope.wire.frames import INLINE_LIMIT
from servescope.wire.spooled.body import Spooled, create

LIMIT = 3 * INLINE_LIMIT
SIZES = [0, 1, INLINE_LIMIT, INLINE_LIMIT + 1, 2 * INLINE_LIMIT + 1, LIMIT, LIMIT + 1]


def body_of(size):
    return bytes(range(251)) * (size // 251) + b"x" * (size % 251)


def by_length(size):
    return b"POST /%d HTTP/1.1\r\ncontent-length: %d\r\n\r\n" % (size, size) + body_of(size)


def in_chunks(size, step=1000):
    body = body_of(size)
    chunks = [body[start : start + step] for start in range(0, size, step)]
    head = b"POST /%d HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n" % size
    return head + b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"


def told(requests):
    return [(each.path, each.status, each.size, each.headers, each.whole_body, each.keep_alive) for each in requests]


def spooling(limit):
    return SpoolingReader(limit, create)


def read(kind, data, places):
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    reader = kind(LIMIT)
    return [each for start, end in itertools.pairwise(edges) for each in reader.feed(data[start:end])]


SENT = st.builds(lambda make, size: make(size), st.sampled_from([by_length, in_chunks]), st.sampled_from(SIZES))


@settings(max_examples=60, deadline=None)
@given(st.lists(SENT, max_size=4), st.lists(st.integers(0, 2**20), max_size=8))
def test_the_same_requests(sent, places):
    """However they are cut; large ones lie apart, in one piece."""
    data = b"".join(sent)
    found = read(spooling, data, places)
    assert told(found) == told(read(RequestReader, data, places))
    for request in found:
        if request.size > INLINE_LIMIT:
            assert [type(piece) for piece in request.body] == [Spooled] * (request.size <= LIMIT)
        else:
            assert Spooled not in map(type, request.body)


def test_tiny_chunks():
    """Of a byte each: as many as a body has."""
    (request,) = read(spooling, in_chunks(LIMIT, 1), [])
    assert request.whole_body == body_of(LIMIT)
    assert len(request.body) == 1


def test_it_does_not_have_what_has_come():
    """But in that memory, before the request is whole."""
    reader = SpoolingReader(LIMIT, create)
    data = by_length(LIMIT)
    assert reader.feed(data[:-1000]) == []
    assert sum(len(piece) for piece in reader._reading.body if isinstance(piece, bytes)) <= INLINE_LIMIT
    (request,) = reader.feed(data[-1000:])
    assert request.whole_body == body_of(LIMIT)


def test_a_client_that_leaves():
    """Leaves nothing."""
    before = bodies_open()
    reader = SpoolingReader(LIMIT, create)
    reader.feed(by_length(LIMIT)[:-1000])
    assert bodies_open() == before + 1
    reader.close()
    assert bodies_open() == before


def test_memory_that_was_in_use():
    """Has another body, or a longer one, behind what is written to it; nothing of that is seen."""
    memory = create()
    memory.append(b"\xff" * (2 * LIMIT))
    found = read(
        lambda limit: SpoolingReader(limit, lambda: Spooled(os.dup(memory.descriptor), 0)),
        by_length(INLINE_LIMIT + 1),
        [],
    )
    assert [each.whole_body for each in found] == [body_of(INLINE_LIMIT + 1)]
    assert found[0].body[0].mapped() == body_of(INLINE_LIMIT + 1)
    assert b"".join(found[0].body[0].windows(1000)) == body_of(INLINE_LIMIT + 1)
    assert list(found[0].body[0].occurrences(b"\xff")) == []


def test_no_memory(monkeypatch):
    """Then they are in pieces, as everywhere else."""
    monkeypatch.setattr(os, "pwrite", refuse)
    sent = in_chunks(LIMIT) + by_length(LIMIT)
    found = read(spooling, sent, range(0, len(sent), 20_000))
    assert told(found) == told(read(RequestReader, sent, []))
    assert all(type(piece) is bytes for request in found for piece in request.body)


def refuse(*_):
    raise OSError(12, "Cannot allocate memory")


def test_memory_that_is_there_again():
    """What could not be had for one body is asked for anew for the next of the same connection."""
    lacking = [True]

    def empty():
        if lacking:
            raise OSError(24, "Too many open files")
        return create()

    reader = SpoolingReader(LIMIT, empty)
    (first,) = reader.feed(by_length(LIMIT))
    lacking.clear()
    (second,) = reader.feed(by_length(LIMIT))
    assert [type(each.body[0]) for each in (first, second)] == [bytes, Spooled]
    assert first.whole_body == second.whole_body == body_of(LIMIT)
