"""A worker that is told where bodies lie has the batch that it would have had else; what is lost costs one request."""

import socket

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from bodies import bodies_open
from servescope.wire.blocking import BlockingChannel
from servescope.wire.frames import FrameReader, encode
from servescope.wire.messages import Batch, Cancel, Field, FromWorker, Request, Stop, Unread
from servescope.wire.spooled.body import create
from servescope.wire.spooled.placing import Placed, gather, placed


def spooled(data):
    body = create()
    body.append(data)
    return body


def request_of(number, pieces):
    """A small field, and one that has several attachments."""
    large = [Field("body", "", sum(map(len, pieces)))] if pieces else []
    return Request(str(number), [], {}, [Field("small", "", b"s"), *large])


PIECES = st.lists(st.tuples(st.booleans(), st.binary(min_size=1, max_size=40)), max_size=3)


@given(st.lists(PIECES, min_size=1, max_size=4))
def test_any_batch(bodies):
    """Of bodies here and there."""
    requests = [request_of(number, [data for _, data in pieces]) for number, pieces in enumerate(bodies)]
    attachments = [spooled(data) if apart else data for pieces in bodies for apart, data in pieces]
    batch = Batch(1, requests)
    said, beside = placed(batch, attachments)
    whole = b"".join(data for pieces in bodies for _, data in pieces)
    if any(apart for pieces in bodies for apart, _ in pieces):
        assert gather(said, bytearray(b"".join(beside))) == (batch, whole, [])
    else:
        assert (said, beside) == (batch, attachments)


@given(st.lists(st.booleans(), min_size=1, max_size=6))
def test_what_is_lost(losses):
    """Each such request is left out, and no other."""
    bodies = [spooled(b"%d" % number * 100) for number in range(len(losses))]
    batch = Batch(1, [request_of(number, [body]) for number, body in enumerate(bodies)])
    said, _ = placed(batch, bodies)
    said.places = [
        replace(place, path="/nowhere") if lost else place for lost, place in zip(losses, said.places, strict=True)
    ]
    got, body, lost = gather(said, bytearray())
    kept = [number for number, gone in enumerate(losses) if not gone]
    assert [request.id for request in got.requests] == [str(number) for number in kept]
    assert body == b"".join(bodies[number].read() for number in kept)
    assert [number for number, _ in lost] == [number for number, gone in enumerate(losses) if gone]
    assert all("/nowhere" in why for _, why in lost)


def test_one_that_is_cut_short():
    """Is lost as well."""
    body = spooled(b"x" * 10)
    said, _ = placed(Batch(1, [request_of(0, [body])]), [body])
    said.places = [replace(said.places[0], length=11)]
    said.size = 11
    _, _, ((index, why),) = gather(said, bytearray())
    assert (index, why.endswith("ends 1 bytes before its end")) == (0, True)


@pytest.fixture
def pair():
    near, far = socket.socketpair()
    with near, far:
        yield near, BlockingChannel(far)


def said_by(near):
    """What a worker has said so far."""
    reader = FrameReader(msgspec.msgpack.Decoder(FromWorker))
    return [message for message, _ in reader.feed(near.recv(65536))]


def send(near, attachments, lost=()):
    batch = Batch(7, [request_of(number, [body]) for number, body in enumerate(attachments)])
    said, beside = placed(batch, attachments)
    said.places = [replace(place, path="/nowhere") if at in lost else place for at, place in enumerate(said.places)]
    near.sendall(b"".join([encode(said, beside), *beside, encode(Stop())]))
    return batch


def test_over_a_channel(pair):
    """Comes as a batch with its bodies; the worker keeps no descriptor."""
    near, channel = pair
    before = bodies_open()
    bodies = [spooled(b"a" * 100_000), b"b" * 70_000, spooled(b"c" * 100_000)]
    batch = send(near, bodies)
    assert channel.receive() == (batch, bytearray(b"a" * 100_000 + b"b" * 70_000 + b"c" * 100_000))
    assert channel.receive() == (Stop(), bytearray())
    bodies.clear()
    assert bodies_open() == before


def test_the_others_go_on(pair):
    """And who is lost is told."""
    near, channel = pair
    bodies = [spooled(b"a"), spooled(b"b")]
    batch = send(near, bodies, lost=[0])
    assert channel.receive() == (Batch(7, batch.requests[1:]), bytearray(b"b"))
    (told,) = said_by(near)
    assert isinstance(told, Unread)
    assert [number for number, _ in told.lost] == [0]


def test_none_is_left(pair):
    """The batch is answered at once; the handler sees nothing of it, and the worker goes on."""
    near, channel = pair
    send(near, [spooled(b"a")], lost=[0])
    assert channel.receive() == (Cancel(7, ""), bytearray())
    told, reply = said_by(near)
    assert (told.batch_id, reply.batch_id, reply.final, reply.code, reply.parts) == (7, 7, True, 500, [])
    assert channel.receive() == (Stop(), bytearray())


def test_other_messages_are_as_they_were():
    """Whatever is beside them."""
    assert placed(Stop(), [b"x"]) == (Stop(), [b"x"])
    assert not isinstance(placed(Batch(1, []), [])[0], Placed)
