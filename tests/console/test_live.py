"""Streams: a reader that is slow is not waited for, and gets the latest event, never an old one."""

import asyncio

from servescope.console.live import Stream, event


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


def test_events():
    """One line of data, whatever stands in it; numbers that JSON has not are null."""
    told = event("overview", {"text": "a\nb\r\n\ndata: x", "number": float("nan")}, 5.0)
    assert told.startswith(b"id: 5.000\nevent: overview\ndata: {")
    assert told.endswith(b"}\n\n")
    assert told.count(b"\n") == 4
    assert b'"number":null' in told
