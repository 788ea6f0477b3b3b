"""Frames come out as they went in, however the bytes are cut, and a hostile peer is told apart."""

import itertools

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from servescope.wire.frames import HEADER, HEADER_SIZE, MAX_LENGTH, FrameReader, FrameTooLarge, FrameWriter, encode
from servescope.wire.messages import Batch, Cancel, Field, FromWorker, Part, Reply, Request, Stop, ToWorker

_decoder = msgspec.msgpack.Decoder(ToWorker)


def batch_of(number, bodies):
    """A batch whose one request has a field for every attachment."""
    fields = [Field(f"f{index}", "", len(body)) for index, body in enumerate(bodies)]
    return Batch(number, [Request(f"r{number}", [(b"A", b"b")], {}, fields)])


def wire(frames):
    """The bytes of frames given as lists of attachments."""
    return b"".join(bytes(encode(batch_of(n, bodies), bodies)) + b"".join(bodies) for n, bodies in enumerate(frames))


def read(reader, pieces):
    """Everything that comes out: batch ids with their attachments."""
    found = []
    for piece in pieces:
        for message, attachments in reader.feed(piece):
            found.append((message.id, bodies_of(message, attachments)))
    return found


def bodies_of(message, attachments):
    """A batch's."""
    return [bytes(attachments.take(field.data)) for request in message.requests for field in request.fields]


def cut(data, places):
    """`data` in pieces, cut at these places."""
    edges = [0, *sorted({place % (len(data) + 1) for place in places}), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(edges)]


FRAMES = st.lists(st.lists(st.binary(max_size=40), max_size=3), max_size=5)


@given(FRAMES, st.lists(st.integers(0, 2000), max_size=12))
def test_any_cut(frames, places):
    """Several frames in one read, a frame in many, or both."""
    data = wire(frames)
    assert read(FrameReader(_decoder), cut(data, places)) == list(enumerate(frames))


def test_every_byte_a_read():
    """And every single cut in two."""
    frames = [[b"one", b""], [], [b"x" * 100]]
    data = wire(frames)
    expected = list(enumerate(frames))
    assert read(FrameReader(_decoder), [data[at : at + 1] for at in range(len(data))]) == expected
    for at in range(len(data) + 1):
        assert read(FrameReader(_decoder), [data[:at], data[at:]]) == expected


def test_attachments_larger_than_a_read():
    """As a socket would bring them."""
    frames = [[bytes(range(256)) * 2000], [b"tail"]]
    data = wire(frames)
    pieces = [data[at : at + 65536] for at in range(0, len(data), 65536)]
    assert read(FrameReader(_decoder), pieces) == list(enumerate(frames))


def test_attachments_of_an_earlier_frame_stay():
    """They are views; what is read later must not change them."""
    reader = FrameReader(_decoder)
    data = wire([[b"first"]])
    (((_, first),)) = list(reader.feed(data[:5])) + list(reader.feed(data[5:]))
    body = first.take(5)
    for _ in range(3):
        list(reader.feed(data[:20]))
        list(reader.feed(data[20:]))
    assert bytes(body) == b"first"


@pytest.mark.parametrize("step", [1, 7, 10_000])
def test_the_limit(step):
    """A frame of the limit passes, one byte more is refused, as soon as its header is there."""
    data = wire([[b"x" * 50]])
    pieces = [data[at : at + step] for at in range(0, len(data), step)]
    assert read(FrameReader(_decoder, len(data)), pieces) == [(0, [b"x" * 50])]
    with pytest.raises(FrameTooLarge, match=f"{len(data)} bytes; the limit is {len(data) - 1}"):
        read(FrameReader(_decoder, len(data) - 1), pieces)
    with pytest.raises(FrameTooLarge):
        read(FrameReader(_decoder, len(data) - 1), [data[:HEADER_SIZE]])


def test_good_frames_before_a_bad_one_are_delivered():
    """The refusal comes after them."""
    reader = FrameReader(_decoder, 200)
    got = []
    with pytest.raises(FrameTooLarge):
        got.extend(message for message, _ in reader.feed(bytes(encode(Stop())) + HEADER.pack(2**32 - 1, 2**32 - 1)))
    assert got == [Stop()]


@given(FRAMES, st.lists(st.integers(0, 2000), max_size=12), st.lists(st.booleans(), min_size=5, max_size=5))
def test_gathered(frames, places, taken):
    """Whatever is gathered together, and taken when: the same messages in the same order, each with what belongs to it."""
    writer = FrameWriter()
    data, count = b"", 0
    for number, bodies in enumerate(frames):
        count += 1
        assert writer.add(batch_of(number, bodies), bodies) == count
        if any(map(len, bodies)):
            count = 0
        if taken[number]:
            data += b"".join(writer.take())
            count = 0
    data += b"".join(writer.take())
    assert writer.take() == []
    found = []
    reader = FrameReader(msgspec.msgpack.Decoder(list[ToWorker]))
    for piece in cut(data, places):
        for messages, attachments in reader.feed(piece):
            found += [(message.id, bodies_of(message, attachments)) for message in messages]
    assert found == list(enumerate(frames))


def test_gathered_in_few_frames():
    """Small messages share one, however many; none grows without end."""
    writer = FrameWriter()
    for number in range(1000):
        writer.add(Cancel(number, "r"))
    assert len(writer.take()) == 1
    for number in range(10):
        writer.add(Reply(number, True, 200, "", [Part(200, {}, b"x" * 50_000)], 0.0, {}))
    assert 3 < len(writer.take()) <= 6


def test_gathered_without_what_cannot_be_said():
    """A text that is no UTF-8 is refused, and leaves no part of itself between those beside it."""
    writer = FrameWriter()
    writer.add(Cancel(1, "r"))
    with pytest.raises(UnicodeEncodeError):
        writer.add(Cancel(2, "\udc80"))
    assert writer.add(Cancel(3, "r")) == 2
    writer.take()
    with pytest.raises(UnicodeEncodeError):
        writer.add(Cancel(4, "\udc80"))
    assert writer.take() == []
    writer.add(Cancel(5, "r"))
    ((messages, _),) = FrameReader(msgspec.msgpack.Decoder(list[ToWorker])).feed(b"".join(writer.take()))
    assert messages == [Cancel(5, "r")]


def test_gathered_is_too_large():
    """The one that no frame can say the length of is refused, and those beside it stay."""

    class Endless(bytes):
        def __len__(self):
            return MAX_LENGTH + 1

    writer = FrameWriter()
    writer.add(Cancel(1, "r"))
    with pytest.raises(FrameTooLarge, match=f"{MAX_LENGTH + 1} bytes of attachments"):
        writer.add(Cancel(2, "r"), [Endless()])
    writer.add(Cancel(3, "r"))
    reader = FrameReader(msgspec.msgpack.Decoder(list[ToWorker]))
    ((messages, _),) = reader.feed(b"".join(writer.take()))
    assert messages == [Cancel(1, "r"), Cancel(3, "r")]


@settings(max_examples=60)
@given(st.binary(max_size=200), st.lists(st.integers(0, 200), max_size=4))
def test_noise(noise, places):
    """Bytes of a stranger give messages, a wait for more, or one of the two errors: nothing else."""
    reader = FrameReader(_decoder, 4096)
    try:
        for piece in cut(noise, places):
            list(reader.feed(piece))
    except (FrameTooLarge, msgspec.DecodeError):
        pass


def test_memoryviews_and_bytearrays_are_attachments():
    """Whatever holds bytes."""
    bodies = [b"a", bytearray(b"bc"), memoryview(b"def")]
    frame = encode(Cancel(1, "x"), bodies)
    assert HEADER.unpack_from(frame) == (len(frame) - HEADER_SIZE, 6)


def test_four_gigabytes_are_too_many():
    """The length of the attachments has 32 bits; no memory is touched to find out."""

    class Huge:
        def __len__(self):
            return 2**31

    with pytest.raises(FrameTooLarge, match="4294967296"):
        encode(Stop(), [Huge(), Huge()])


def test_replies_too():
    """The reader is told what it reads."""
    reply = Reply(7, True, 200, "", [Part(200, {}, 3)], 0.0, {"prediction": 1.0})
    reader = FrameReader(msgspec.msgpack.Decoder(FromWorker))
    ((message, attachments),) = reader.feed(bytes(encode(reply, [b"abc"])) + b"abc")
    assert (message, bytes(attachments.take(3))) == (reply, b"abc")
