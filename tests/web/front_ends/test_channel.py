"""What is mentioned comes whole, whatever it is mentioned in the midst of."""

import asyncio
import socket
import threading

from servescope.web.front_ends.channel import Channel
from servescope.web.front_ends.messages import Answer, Back, to_front_end


class Pieces(tuple):
    """Of a message: to look at them ends memory, as the garbage collector may at any moment."""

    def __new__(cls, pieces, end):
        made = super().__new__(cls, pieces)
        made.end = end
        return made

    def __iter__(self):
        self.end()
        return super().__iter__()

    def __len__(self):
        self.end()
        return super().__len__()


async def joined(take):
    """A channel, and another that hears it."""
    ends = socket.socketpair()
    over = asyncio.Event()
    near = Channel(to_front_end(), {}, lambda: None)
    far = Channel(to_front_end(), {Answer: take, Back: take}, over.set)
    await near.open(ends[0])
    await far.open(ends[1])
    return near, over


def test_in_the_midst_of_an_answer():
    """Neither is torn apart, with a large body beside the other."""

    async def scene():
        heard = []
        near, over = await joined(lambda message, attachments: heard.append((message, attachments)))
        near.say(Answer(1, b"head", 5, False), Pieces([b"large"], lambda: near.mention(Back(1, True))))
        near.close()
        await over.wait()
        ((answer, beside), *mentioned) = heard
        assert (answer.connection, bytes(beside.take(5))) == (1, b"large")
        assert mentioned
        assert all(message == Back(1, True) for message, _ in mentioned)

    asyncio.run(scene())


def test_on_another_thread():
    """It goes out soon, with nothing else to say."""

    async def scene():
        heard = asyncio.Event()
        near, over = await joined(lambda *_: heard.set())
        thread = threading.Thread(target=near.mention, args=[Back(1, False)])
        thread.start()
        await heard.wait()
        thread.join()
        near.close()
        await over.wait()

    asyncio.run(scene())


def test_nobody_listens():
    """Then it is nothing."""

    async def scene():
        near, over = await joined(lambda *_: None)
        near.close()
        await over.wait()
        near.mention(Back(1, False))
        await asyncio.sleep(0)
        near.flush()

    asyncio.run(scene())
