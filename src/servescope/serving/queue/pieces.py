"""A streamed answer between the dispatcher, which has the pieces as they come, and the task that sends them on."""

import asyncio
from collections.abc import AsyncIterator

from servescope.errors import ServescopeError
from servescope.serving.queue.job import Piece

# Bytes that may wait for one client. A language model's whole answer fits, 128 Ki tokens in events of 256 bytes, so that a
# client may be as slow as it likes with that; a handler that streams without end does not fill the memory.
WAITING_LIMIT = 32 * 1024 * 1024


class Pieces:
    """A queue of pieces with an end. `limit`: how many bytes may wait in it; one piece may always, whatever its size."""

    def __init__(self, limit: int = WAITING_LIMIT) -> None:
        self._queue: asyncio.Queue[Piece | ServescopeError | None] = asyncio.Queue()
        self._limit = limit
        self._waiting = 0

    def put(self, piece: Piece | ServescopeError | None) -> bool:
        """Add a piece, which is nothing where it is empty; None after the last; an error where the stream breaks off.

        False: there is no room for it. It is dropped then, and with it all those that wait.
        """
        if isinstance(piece, (bytes, memoryview)):
            if not piece:
                return True
            if self._waiting and self._waiting + len(piece) > self._limit:
                self.forget()
                return False
            self._waiting += len(piece)
        self._queue.put_nowait(piece)
        return True

    def forget(self) -> None:
        """Drop all that wait: nobody wants them any more."""
        # Not a new queue in its place: the reader may be waiting at this one.
        while not self._queue.empty():
            self._queue.get_nowait()
        self._waiting = 0

    async def __aiter__(self) -> AsyncIterator[Piece]:
        """The pieces, as they come.

        Raises:
            ServescopeError: the stream broke off.
        """
        while (piece := await self._queue.get()) is not None:
            if isinstance(piece, ServescopeError):
                raise piece
            self._waiting -= len(piece)
            yield piece
