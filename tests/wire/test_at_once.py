"""What is written is there at once, whole and in order, however much there is and whatever the other side takes."""

import asyncio
import socket

import pytest
import uvloop
from hypothesis import given, settings
from hypothesis import strategies as st

from servescope.wire.at_once import write_at_once

LOOPS = [asyncio.new_event_loop, uvloop.new_event_loop]
SIZES = st.lists(st.sampled_from([1, 100, 65_535, 65_537, 400_000]), min_size=1, max_size=3)


class Ending(asyncio.Protocol):
    """`lost`: it is known."""

    def __init__(self):
        self.lost = asyncio.Event()

    def connection_lost(self, _exc):
        self.lost.set()


def run(make_loop, scene):
    with asyncio.Runner(loop_factory=make_loop) as runner:
        runner.run(scene)


async def joined():
    near, far = socket.socketpair()
    transport, _ = await asyncio.get_running_loop().create_unix_connection(asyncio.Protocol, sock=near)
    far.setblocking(False)
    return transport, far


@pytest.mark.parametrize("make_loop", LOOPS)
def test_before_the_turn_ends(make_loop):
    """One piece, and several small ones."""

    async def scene():
        transport, far = await joined()
        with far:
            for pieces in ([b"one"], [b"one", bytearray(b"two")]):
                write_at_once(transport, pieces)
                assert far.recv(100) == b"".join(pieces)
            transport.close()

    run(make_loop, scene())


@settings(deadline=None)
@given(st.sampled_from(LOOPS), st.lists(st.tuples(SIZES, st.booleans()), min_size=1, max_size=4))
def test_in_order(make_loop, writes):
    """Behind what the transport was given before, and what the system did not take."""

    async def scene():
        transport, far = await joined()
        sent = b""
        for number, (sizes, by_the_transport) in enumerate(writes):
            pieces = [bytes([65 + number + place]) * size for place, size in enumerate(sizes)]
            sent += b"".join(pieces)
            if by_the_transport:
                transport.writelines(pieces)
            else:
                write_at_once(transport, pieces)
        transport.close()
        reader, _ = await asyncio.open_unix_connection(sock=far)
        assert await reader.read() == sent

    run(make_loop, scene())


@pytest.mark.parametrize("make_loop", LOOPS)
def test_the_other_side_has_gone(make_loop):
    """The transport tells, as of any write."""

    async def scene():
        near, far = socket.socketpair()
        transport, ending = await asyncio.get_running_loop().create_unix_connection(Ending, sock=near)
        far.close()
        write_at_once(transport, [b"word"])
        await asyncio.wait_for(ending.lost.wait(), 10)

    run(make_loop, scene())
