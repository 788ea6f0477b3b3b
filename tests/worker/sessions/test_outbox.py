"""What leaves together: all of one turn of the loop in one write, in order, from any thread."""

import asyncio
import socket

import msgspec
import pytest

from servescope.wire.blocking import BlockingChannel, ChannelClosed
from servescope.wire.frames import FrameReader
from servescope.wire.messages import EngineStats, FromWorker, Part, Reply
from servescope.worker.sessions.outbox import Outbox


class Writes(BlockingChannel):
    """Counts what is written."""

    def __init__(self, connection):
        super().__init__(connection)
        self.writes = 0

    def send_buffers(self, buffers):
        self.writes += 1
        super().send_buffers(buffers)


@pytest.fixture
def pair():
    near, far = socket.socketpair()
    with near, far:
        yield Writes(far), near


def received(near):
    reader = FrameReader(msgspec.msgpack.Decoder(FromWorker))
    near.setblocking(False)
    return [
        (message, [bytes(attachments.take(part.data)) for part in getattr(message, "parts", ())])
        for message, attachments in reader.feed(near.recv(1 << 20))
    ]


def reply(number, size):
    return Reply(number, True, 200, "", [Part(200, {}, size)], 0.0, {})


def test_one_turn_one_write(pair):
    """Messages and attachments of a turn go out together and in order; the next turn's by themselves."""
    channel, near = pair

    async def main():
        outbox = Outbox(channel, asyncio.get_running_loop())
        outbox.send(reply(1, 3), [b"abc"])
        outbox.send(EngineStats(1, 0, 0.5, 0))
        outbox.send(reply(2, 2), [b"de"])
        assert channel.writes == 0
        await asyncio.sleep(0)
        assert channel.writes == 1
        outbox.send(EngineStats(0, 0, 0.0, 0))
        outbox.flush()
        assert channel.writes == 2
        await asyncio.sleep(0)
        assert channel.writes == 2

    asyncio.run(main())
    first, stats, second, last = received(near)
    assert (first[0].batch_id, first[1], second[0].batch_id, second[1]) == (1, [b"abc"], 2, [b"de"])
    assert (stats[0].running, last[0].running) == (1, 0)


def test_a_turn_that_takes_long(pair):
    """A handler that does not let go of the loop between its pieces: they go out all the same."""
    channel, _ = pair
    now = 100.0

    async def main():
        nonlocal now
        outbox = Outbox(channel, asyncio.get_running_loop(), lambda: now)
        for _ in range(3):
            outbox.send(EngineStats(1, 0, 0.0, 0))
        assert channel.writes == 0
        now += 1.0
        outbox.send(EngineStats(2, 0, 0.0, 0))
        assert channel.writes == 1
        outbox.send(EngineStats(3, 0, 0.0, 0))
        assert channel.writes == 1
        await asyncio.sleep(0)
        assert channel.writes == 2

    asyncio.run(main())


def test_another_thread(pair):
    """A handler's thread may send; the loop wakes and writes."""
    channel, near = pair

    async def main():
        outbox = Outbox(channel, asyncio.get_running_loop())
        await asyncio.to_thread(outbox.send, EngineStats(7, 0, 0.0, 0))
        await asyncio.sleep(0)

    asyncio.run(main())
    assert received(near) == [(EngineStats(7, 0, 0.0, 0), [])]


def test_what_no_message_holds(pair):
    """It is raised where it is sent, and harms nothing else."""
    channel, near = pair

    async def main():
        outbox = Outbox(channel, asyncio.get_running_loop())
        outbox.send(EngineStats(1, 0, 0.0, 0))
        with pytest.raises(UnicodeEncodeError):
            outbox.send(Reply(1, True, 500, "\udc80", [], 0.0, {}))
        await asyncio.sleep(0)

    asyncio.run(main())
    assert len(received(near)) == 1


def test_the_front_end_has_gone(pair):
    """A turn's write is given up in silence; `flush` says so."""
    channel, near = pair
    near.close()
    failures = []

    async def main():
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: failures.append(context))
        outbox = Outbox(channel, asyncio.get_running_loop())
        outbox.send(EngineStats(1, 0, 0.0, 0))
        await asyncio.sleep(0)
        outbox.send(EngineStats(1, 0, 0.0, 0))
        with pytest.raises(ChannelClosed):
            outbox.flush()

    asyncio.run(main())
    assert failures == []
