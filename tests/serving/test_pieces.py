"""Streamed pieces reach whoever iterates, in order, up to the end or the error."""

import pytest

from fleet.clock import run
from servescope.errors import WorkerFailed
from servescope.serving.pieces import Pieces


def test_in_order():
    """Whether they came before or after the reader."""

    async def main():
        pieces = Pieces()
        for piece in (b"1", b"2", None):
            pieces.put(piece)
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
