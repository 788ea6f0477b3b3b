"""A streamed answer between the dispatcher, which has the pieces as they come, and the task that sends them on."""

import asyncio
from collections.abc import AsyncIterator

from servescope.errors import ServescopeError
from servescope.serving.job import Piece


class Pieces:
    """A queue of pieces with an end."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Piece | ServescopeError | None] = asyncio.Queue()

    def put(self, piece: Piece | ServescopeError | None) -> None:
        """Add a piece; None after the last; an error where the stream breaks off."""
        self._queue.put_nowait(piece)

    async def __aiter__(self) -> AsyncIterator[Piece]:
        """The pieces, as they come.

        Raises:
            ServescopeError: the stream broke off.
        """
        while (piece := await self._queue.get()) is not None:
            if isinstance(piece, ServescopeError):
                raise piece
            yield piece
