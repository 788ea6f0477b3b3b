"""Streams: a reader that is slow is not waited for, and gets the latest event, never an old one."""

import asyncio

from servescope.console.history.memory import MINUTES, Memory
from servescope.console.live import Live, Stream, event
from servescope.metrics.registry import Registry


def test_the_latest():
    """What it did not take in time it is not told any more; the last event is told, and ends it."""

    async def main():
        stream = Stream(b"first")
        pieces = aiter(stream)
        assert await anext(pieces) == b"retry: 3000\n\n"
        assert await anext(pieces) == b"first"
        stream.put(b"second")
        stream.put(b"third")
        assert await anext(pieces) == b"third"
        stream.put(b"bye", over=True)
        assert [piece async for piece in pieces] == [b"bye"]

    asyncio.run(asyncio.wait_for(main(), 20))


class Gone:
    """An exchange whose client has left."""

    open = False


def test_a_page_that_has_left_already():
    """Takes no place among the streams, which nobody would give back."""

    async def main():
        live = Live(Memory(Registry(), "host"), nothing, nothing, lambda: None)
        await live.stream(Gone())
        assert live.open == 0

    asyncio.run(asyncio.wait_for(main(), 20))


async def nothing():
    """There is nothing to settle, and nothing to tell."""


def test_nobody_looks():
    """What is wrong is looked for once a minute then; with every event, by the document itself, while a page is open."""

    async def main():
        attended = []
        live = Live(Memory(Registry(), "host"), nothing, nothing, lambda: attended.append(1))
        for _ in range(2 * MINUTES):
            await live._step()
        assert len(attended) == 2
        live._streams.add(Stream(b""))
        for _ in range(2 * MINUTES):
            await live._step()
        assert len(attended) == 2

    asyncio.run(asyncio.wait_for(main(), 20))


def test_events():
    """One line of data, whatever stands in it; numbers that JSON has not are null."""
    told = event("overview", {"text": "a\nb\r\n\ndata: x", "number": float("nan")}, 5.0)
    assert told.startswith(b"id: 5.000\nevent: overview\ndata: {")
    assert told.endswith(b"}\n\n")
    assert told.count(b"\n") == 4
    assert b'"number":null' in told
