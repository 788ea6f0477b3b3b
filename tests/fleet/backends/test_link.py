"""A worker's link holds the bodies that the worker was told of until it has answered their batch, and knows of no others. Batches
go out in order, and before the loop's turn ends where they have many requests.
"""

import asyncio
import os
import socket

import pytest
from msgspec.msgpack import Decoder

from servescope.fleet.backends.link import Channel, Link
from servescope.wire.frames import MAX_LENGTH, FrameReader, encode
from servescope.wire.messages import Batch, Field, Reply, Request, ToWorker
from servescope.wire.spooled.body import create
from servescope.wire.spooled.placing import placed


class Near(Link):
    """Of a worker that the test speaks for."""

    def kill(self):
        self.process_gone(-9)

    def _parted(self):
        pass

    def _beside(self, message, attachments):
        return placed(message, attachments)


class Events:
    """Hears nothing of interest."""

    def message_received(self, message, attachments):
        pass

    def line_received(self, stream, line):
        pass

    def ending(self):
        pass

    def ended(self, status, why, reason):
        pass


class Scene:
    """`freed`: whether each body's memory may be used again."""

    async def __aenter__(self):
        self.freed = []
        near, self.worker = socket.socketpair()
        self.link = Near(Events())
        loop = asyncio.get_running_loop()
        transport, self.channel = await loop.create_unix_connection(
            lambda: Channel(self.link, MAX_LENGTH, self.link.events.message_received), sock=near
        )
        self.link.attach(transport)
        return self

    async def __aexit__(self, *_):
        self.worker.close()
        self.link.process_gone(0)
        self.link.channel_lost()

    def give(self, batch_id, *sizes):
        bodies = [self.body(b"x" * size) for size in sizes]
        request = Request("r", [], {}, [Field("body", "", size) for size in sizes])
        self.link.send(Batch(batch_id, [request]), bodies)

    def ask(self, batch_id, count):
        """A batch of so many small requests."""
        self.link.send(Batch(batch_id, [Request(str(number), [], {}, []) for number in range(count)]))

    def heard(self):
        """What the worker can read now."""
        try:
            data = self.worker.recv(2**20, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return []
        return [message.id for message, _ in FrameReader(Decoder(ToWorker)).feed(data)]

    def body(self, data):
        body = create(self._let_go)
        body.append(data)
        return body

    def reply(self, batch_id, *, final=True, code=200):
        self.channel.data_received(encode(Reply(batch_id, final, code, "", [], 0.0, {})))

    def _let_go(self, descriptor, reusable):
        os.close(descriptor)
        self.freed.append(reusable)


def run(act):
    async def scene():
        async with Scene() as found:
            act(found)

    asyncio.run(scene())


@pytest.mark.parametrize("sizes", [[16], [15, 40], [1, 1, 1, 16]])
def test_a_batch_of_many_does_not_wait_for_the_turn_s_end(sizes):
    """The worker has something to do while the server goes on. What was to be sent before it goes with it."""

    def act(scene):
        for number, size in enumerate(sizes):
            assert scene.heard() == []
            scene.ask(number, size)
        assert scene.heard() == list(range(len(sizes)))

    run(act)


def test_small_batches_share_a_write():
    """At the turn's end: a write each would cost more than they do. What comes behind an early write waits again."""

    async def scene():
        async with Scene() as found:
            found.ask(1, 16)
            found.ask(2, 1)
            found.ask(3, 14)
            assert found.heard() == [1]
            await asyncio.sleep(0)
            assert found.heard() == [2, 3]

    asyncio.run(scene())


@pytest.mark.parametrize("code", [200, 500])
def test_until_the_last_of_its_answer(code):
    """Whatever that says; a piece of it says nothing of bodies, nor do other batches' answers."""

    def act(scene):
        scene.give(1, 70_000, 80_000)
        scene.give(2, 90_000)
        scene.reply(1, final=False)
        scene.reply(3)
        assert (scene.freed, sorted(scene.link.lent)) == ([], [1, 2])
        scene.reply(1, code=code)
        assert (scene.freed, sorted(scene.link.lent)) == ([True, True], [2])

    run(act)


def test_a_worker_that_ends():
    """Without an answer: nobody can tell how far it had come."""

    def act(scene):
        scene.give(1, 70_000)
        scene.give(2, 70_000)
        scene.reply(1)
        scene.link.process_gone(-9)
        assert scene.freed == [True]
        scene.reply(2)  # was on its way
        scene.give(3, 70_000)
        scene.link.channel_lost()
        assert scene.freed == [True, True, False]
        assert not scene.link.lent

    run(act)


def test_a_batch_that_cannot_be_told():
    """Is nobody's to read."""

    def act(scene):
        request = Request("r", [], {"url_path": object()}, [])
        with pytest.raises(TypeError):
            scene.link.send(Batch(1, [request]), [scene.body(b"x")])
        assert scene.freed == [True]
        assert not scene.link.lent

    run(act)
