"""A job's answer reaches its client whole, in pieces, or as an error: exactly once."""

import asyncio

import pytest

from fleet.clock import run
from servescope.errors import WorkerFailed
from serving.parts import job


def test_a_whole_answer():
    """The first wins; nothing after it changes anything."""

    async def main():
        one = job("a")
        assert one.open
        one.deliver(201, {"x": "y"}, b"body", True)
        one.deliver(500, {}, b"late", True)
        one.fail(WorkerFailed("late"))
        answer = await one.future
        assert (answer.status, answer.headers, answer.body, answer.pieces) == (201, {"x": "y"}, b"body", None)
        assert not one.open

    run(main())


def test_pieces():
    """The first resolves the future, the others follow in order, None after the last."""

    async def main():
        one = job("a")
        for number, final in enumerate((False, False, True)):
            one.deliver(200, {}, b"%d" % number, final)
        answer = await one.future
        assert answer.body == b"0"
        assert [await answer.pieces.next() for _ in range(3)] == [b"1", b"2", None]

    run(main())


def test_a_stream_that_breaks_off():
    """What came before the error is still delivered."""

    async def main():
        one = job("a")
        one.deliver(200, {}, b"0", False)
        one.deliver(200, {}, b"1", False)
        one.fail(WorkerFailed("Worker died."))
        pieces = (await one.future).pieces
        assert await pieces.next() == b"1"
        with pytest.raises(WorkerFailed):
            await pieces.next()

    run(main())


def test_after_the_client_has_gone():
    """Neither answer nor error reaches anybody, and neither raises."""

    async def main():
        one = job("a")
        one.future.cancel()
        assert not one.open
        one.deliver(200, {}, b"", False)
        one.deliver(200, {}, b"", True)
        one.fail(WorkerFailed("x"))
        with pytest.raises(asyncio.CancelledError):
            await one.future

    run(main())
