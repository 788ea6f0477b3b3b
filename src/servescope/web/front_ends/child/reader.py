"""A front end's reader of requests: what comes in of a large body goes on at once to memory of its own, which the owner is given.

Used by `connection` in place of the reader that it extends; `spares` has the memory.
"""

from collections.abc import Callable

from servescope.web.http.connections.reader import RequestReader
from servescope.wire.frames import INLINE_LIMIT
from servescope.wire.spooled.body import Spooled, spool

_MOST_PIECES = 256  # that wait, so that tiny chunks do not cost a write each


class SpoolingReader(RequestReader):
    """See `RequestReader`. `empty`: gives memory for a body, or raises OSError."""

    __slots__ = ("_empty", "_in_pieces")

    def __init__(self, body_limit: int, empty: Callable[[], Spooled]) -> None:
        super().__init__(body_limit)
        self._empty = empty
        self._in_pieces = False  # there was no memory for what is coming

    def close(self) -> None:
        """See `RequestReader`."""
        super().close()
        if self._size > INLINE_LIMIT:
            self._reading.body = []  # at once: the rest of a connection may stay for a while

    def _gather(self, *, whole: bool) -> None:
        super()._gather(whole=whole)
        if self._size > INLINE_LIMIT and not self._in_pieces:
            pieces = self._reading.body
            behind = self._size - len(pieces[0]) if pieces and isinstance(pieces[0], Spooled) else self._size
            if whole or behind > INLINE_LIMIT or len(pieces) > _MOST_PIECES:
                self._spool()
        if whole:
            self._in_pieces = False

    def _spool(self) -> None:
        pieces = self._reading.body
        if len(pieces) > 1 or (pieces and not isinstance(pieces[0], Spooled)):  # one that is too large has none
            self._in_pieces = not spool(pieces, self._empty)
