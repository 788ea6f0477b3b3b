"""What is said comes whole and in order, soon, and what is mentioned too, whatever it is mentioned in the midst of."""

import asyncio
import socket
import threading

from hypothesis import example, given, settings
from hypothesis import strategies as st

from servescope.web.front_ends.channel import Channel
from servescope.web.front_ends.messages import Answer, Back, to_front_end
from servescope.wire.frames import FrameReader


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


def numbered(number):
    return Answer(number, b"head", 0, False)


def test_not_all_at_the_turn_s_end():
    """The other side has something to do while this one still computes."""

    async def scene():
        ends = socket.socketpair()
        with ends[1]:
            near = Channel(to_front_end(), {}, lambda: None)
            await near.open(ends[0])
            read = FrameReader(to_front_end()).feed
            for number in range(40):
                near.say(numbered(number))
            said = [message for messages, _ in read(ends[1].recv(2**20, socket.MSG_DONTWAIT)) for message in messages]
            assert said == [numbered(number) for number in range(32)]
            near.flush()
            said = [message for messages, _ in read(ends[1].recv(2**20, socket.MSG_DONTWAIT)) for message in messages]
            assert said == [numbered(number) for number in range(32, 40)]
            near.close()

    asyncio.run(scene())


@given(
    st.lists(
        st.tuples(st.sampled_from([1, 3, 16, 17, 50]), st.sampled_from([0, 100, 300_000]), st.booleans()), max_size=12
    )
)
@settings(deadline=None)
@example([(16, 0, False), (1, 300_000, False), (16, 0, False)])
@example([(16, 300_000, False), (16, 0, False)])
@example([(16, 0, False)] * 50)
def test_in_order(turns):
    """However much there is at once, more than a socket holds too, and whether it goes past the transport or waits in it."""

    async def scene():
        heard = []
        near, over = await joined(
            lambda message, beside: heard.append((message.connection, len(beside.take(message.beside))))
        )
        number = 0
        for times, size, ends_turn in turns:
            for _ in range(times):
                near.say(Answer(number, b"head", size, False), [bytes(size)] if size else ())
                number += 1
            if ends_turn:
                await asyncio.sleep(0)
        near.close()
        await over.wait()
        sizes = [size for times, size, _ in turns for _ in range(times)]
        assert heard == list(enumerate(sizes))

    asyncio.run(scene())


def test_the_other_side_has_gone():
    """What is said after that is nothing, and the transport tells."""

    async def scene():
        ends = socket.socketpair()
        over = asyncio.Event()
        near = Channel(to_front_end(), {}, over.set)
        await near.open(ends[0])
        ends[1].close()
        for number in range(100):
            near.say(numbered(number))
        await over.wait()
        near.say(numbered(100))
        near.flush()

    asyncio.run(scene())


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
