"""The worker's end of the channel, over a real socket pair."""

import itertools
import select
import socket
import subprocess
import sys
import threading
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from servescope.wire.blocking import BlockingChannel, ChannelClosed
from servescope.wire.frames import FrameReader, encode
from servescope.wire.messages import Batch, Field, FromWorker, Loaded, Part, Reply, Request, Stop


@pytest.fixture
def pair():
    near, far = socket.socketpair()
    with near, far:
        yield near, BlockingChannel(far)


def batch_of(number, body):
    return Batch(number, [Request("r", [], {}, [Field("body", "", len(body))])])


def data_of(number, body):
    return bytes(encode(batch_of(number, body), [body])) + body


@settings(max_examples=40, deadline=None)
@given(st.lists(st.binary(max_size=60), min_size=1, max_size=5), st.lists(st.integers(1, 500), max_size=6))
def test_any_cut(bodies, places):
    """Messages and bodies are whole and in order however they arrive."""
    near, far = socket.socketpair()
    with near, far:
        data = b"".join(data_of(number, body) for number, body in enumerate(bodies))
        edges = [0, *sorted({place % len(data) for place in places}), len(data)]
        pieces = [data[start:end] for start, end in itertools.pairwise(edges)]
        channel = BlockingChannel(far)
        feeder = threading.Thread(target=lambda: [near.sendall(piece) for piece in pieces])
        feeder.start()
        got = [channel.receive() for _ in bodies]
        feeder.join()
    assert [(message.id, bytes(body)) for message, body in got] == list(enumerate(bodies))


def test_a_large_body_and_what_follows_it(pair):
    """Larger than any buffer on the way; the next message is not touched by it."""
    near, channel = pair
    body = bytes(range(256)) * 8000
    feeder = threading.Thread(target=near.sendall, args=(data_of(1, body) + bytes(encode(Stop())),))
    feeder.start()
    message, got = channel.receive()
    assert (message.id, got == body, channel.receive()) == (1, True, (Stop(), bytearray()))
    feeder.join()


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99])
def test_the_front_end_goes(pair, share):
    """Between two messages or in the midst of one: it is closed."""
    near, channel = pair
    data = data_of(1, b"x" * 1000)
    near.sendall(data[: int(len(data) * share)])
    near.close()
    with pytest.raises(ChannelClosed):
        channel.receive()


def test_sending_to_nobody(pair):
    """Is closed, with attachments and without."""
    near, channel = pair
    near.close()
    with pytest.raises(ChannelClosed):
        channel.send(Loaded(200, "", False))
    with pytest.raises(ChannelClosed):
        channel.send(Loaded(200, "", False), [b"x"])


def test_many_senders(pair):
    """Frames of several threads do not mix, attachments included, though each fills the socket."""
    near, channel = pair
    bodies = [bytes([number]) * (100_000 + number) for number in range(6)]

    def send(number):
        reply = Reply(number, True, 200, "", [Part(200, {}, len(bodies[number]))], 0.0, {})
        channel.send(reply, [memoryview(bodies[number])[:5], bytearray(bodies[number][5:])])

    threads = [threading.Thread(target=send, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    reader = FrameReader(msgspec.msgpack.Decoder(FromWorker))
    got = {}
    while len(got) < 6:
        for message, attachments in reader.feed(near.recv(65536)):
            got[message.batch_id] = bytes(attachments.take(message.parts[0].data))
    for thread in threads:
        thread.join()
    assert [got[number] for number in range(6)] == bodies


def test_more_attachments_than_one_call_takes(pair):
    """A thousand of them in one frame."""
    near, channel = pair
    bodies = [b"%04d" % number for number in range(1000)]
    sender = threading.Thread(target=channel.send, args=(Loaded(200, "", False), bodies))
    sender.start()
    reader = FrameReader(msgspec.msgpack.Decoder(FromWorker))
    got = []
    while not got:
        got = list(reader.feed(near.recv(65536)))
    sender.join()
    assert bytes(got[0][1].take(4000)) == b"".join(bodies)


ANSWERING = """
import socket, sys
from servescope.wire.blocking import BlockingChannel
from servescope.wire.messages import Unread
channel = BlockingChannel(socket.socket(fileno=int(sys.argv[1])))
if sys.argv[2] == "polls":
    channel.poll(lambda seconds: None)
while True:
    channel.receive()
    channel.send(Unread(1, []))
"""


def asleep(process):
    """Wait until it is. How often it has gone to sleep by itself."""
    status = Path(f"/proc/{process.pid}/status")
    while "\nState:\tS" not in (text := status.read_text()):
        assert process.poll() is None
    return int(text.partition("\nvoluntary_ctxt_switches:")[2].split()[0])


@pytest.mark.parametrize("way", ["sleeps", "polls"])
def test_nobody_is_woken_for_nothing(way):
    """A worker that waits for the next batch sleeps on while its answer to the last one is read."""
    near, far = socket.socketpair()
    with (
        near,
        far,
        subprocess.Popen([sys.executable, "-c", ANSWERING, str(far.fileno()), way], pass_fds=[far.fileno()]) as worker,
    ):
        try:
            far.close()
            near.sendall(encode(Stop()))  # any message
            near.recv(1000)
            before = asleep(worker)
            for _ in range(50):
                near.sendall(encode(Stop()))
                select.select([near], [], [])
                asleep(worker)
                near.recv(1000)
                after = asleep(worker)
            assert after - before <= 50 + 10
        finally:
            worker.kill()
