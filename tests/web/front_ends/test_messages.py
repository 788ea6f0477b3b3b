"""What goes over a channel comes out of it, bodies beside it too."""

from hypothesis import given
from hypothesis import strategies as some

from servescope.web.front_ends.child.lending import Lending
from servescope.web.front_ends.messages import Asked, Piece, from_front_end, placed, to_front_end
from servescope.web.front_ends.shelf import Shelf, pair, with_body
from servescope.web.front_ends.shelf import without_large_body as without
from servescope.web.http.request import Request
from servescope.wire.frames import INLINE_LIMIT, FrameReader, FrameWriter
from servescope.wire.spooled.body import spool

headers = some.lists(some.tuples(some.binary(max_size=20), some.binary(max_size=20)), max_size=5)
bodies = some.lists(some.sampled_from([b"x", b"yz" * 100, b"z" * INLINE_LIMIT]), max_size=4)


def sent(message, attachments, decoder):
    """As the other side reads it, whatever the pieces that it comes in."""
    writer = FrameWriter()
    writer.add(message, attachments)
    frame = b"".join(writer.take())
    reader = FrameReader(decoder)
    halves = (frame[: len(frame) // 2], frame[len(frame) // 2 :])
    (((found,), rest),) = [each for half in halves for each in reader.feed(half)]
    return found, rest


def ends():
    """Of a shelf."""
    here, there = pair()
    return Lending(here), Shelf(there, lambda *_: None)


@given(headers, bodies, some.text(max_size=20), some.booleans())
def test_requests(headers, body, path, spools):
    """With all that is known of them, whichever way their bodies go."""
    request = Request(b"/t", headers, "POST", "1.1", True, path, b"q=1", body=list(body), size=sum(map(len, body)))
    apart = spools and request.size > INLINE_LIMIT
    if apart:
        assert spool(request.body)
    here, there = ends()
    beside, attachments = without(request, here.put)
    got, rest = sent(Asked(7, request, beside, [1.5]), attachments, from_front_end())
    assert (got.connection, got.wrote, isinstance(got.beside, int)) == (7, [1.5], apart)
    if got.beside:
        with_body(got.request, got.beside, rest, there)
    assert got.request.whole_body == b"".join(body)
    assert apart or got.request.body == body
    assert (got.request.headers, got.request.path, got.request.size) == (headers, path, sum(map(len, body)))
    here.close()
    there.close()


def test_there_is_no_room():
    """A body that could lie on the shelf travels beside the message, where there is none left."""
    body = [b"x" * INLINE_LIMIT, b"y"]
    request = Request(b"/t", body=list(body), size=INLINE_LIMIT + 1)
    assert spool(request.body)
    here, there = ends()
    there.close()
    beside, attachments = without(request, here.put)
    got, rest = sent(Asked(7, request, beside), attachments, from_front_end())
    assert with_body(got.request, got.beside, rest, there).body == [b"".join(body)]
    here.close()


@given(some.sampled_from([b"", b"ok", b"x" * INLINE_LIMIT, b"x" * (INLINE_LIMIT + 1)]))
def test_pieces(body):
    """Of an answer, of any length."""
    for given_body in (body, memoryview(body)):
        data, attachments = placed(given_body)
        got, rest = sent(Piece(1, data), attachments, to_front_end())
        assert (rest.take(got.body) if isinstance(got.body, int) else got.body) == body
