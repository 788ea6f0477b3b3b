"""Streamed pieces reach whoever iterates, in order, up to the end or the error."""

import asyncio

import pytest

from fleet.clock import run
from servescope.errors import WorkerFailed
from servescope.serving.queue.pieces import Pieces


def test_in_order():
    """Whether they came before or after the reader."""

    async def main():
        pieces = Pieces()
        for piece in (b"1", b"", memoryview(b""), b"2", None):
            assert pieces.put(piece)
        assert [piece async for piece in pieces] == [b"1", b"2"]

    run(main())


def test_broken_off():
    """The error comes after what was before it."""

    async def main():
        pieces = Pieces()
        pieces.put(b"1")
        pieces.put(WorkerFailed("x"))
        reader = aiter(pieces)
        assert await anext(reader) == b"1"
        with pytest.raises(WorkerFailed):
            await anext(reader)

    run(main())


def test_a_reader_that_falls_behind():
    """What waits is bounded in bytes: beyond that it is all dropped, and nothing more comes. One piece always has room."""

    async def main():
        pieces = Pieces(10)
        assert pieces.put(b"x" * 50)
        assert not pieces.put(b"y")
        pieces.put(None)
        assert [piece async for piece in pieces] == []

    run(main())


def test_forgetting():
    """What waits is dropped, and there is room again."""

    async def main():
        pieces = Pieces(10)
        assert pieces.put(b"x" * 10)
        pieces.forget()
        assert pieces.put(b"y" * 10)
        pieces.put(None)
        assert [piece async for piece in pieces] == [b"y" * 10]

    run(main())


def test_a_reader_that_keeps_up():
    """Only what waits counts, not what has been read; a memoryview as bytes."""

    async def main():
        pieces = Pieces(10)
        reader = aiter(pieces)
        for _ in range(5):
            assert pieces.put(b"x" * 6)
            assert pieces.put(memoryview(b"yyyy"))
            assert [await anext(reader), await anext(reader)] == [b"x" * 6, b"yyyy"]
        assert pieces.put(b"x" * 6)
        assert not pieces.put(memoryview(b"yyyyy"))

    run(main())


def test_a_reader_in_waiting():
    """One that was just being woken when all was dropped waits on, for the end."""

    async def main():
        pieces = Pieces(10)
        reading = asyncio.ensure_future(anext(aiter(pieces), b"end"))
        await asyncio.sleep(0)
        assert pieces.put(b"x" * 8)
        assert not pieces.put(b"y" * 8)
        pieces.put(None)
        assert await reading == b"end"

    run(main())
