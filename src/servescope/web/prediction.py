"""A request that waits for a model: takes the dispatcher's word to the exchange. Made by `inference` for each prediction."""

import asyncio
import logging
from collections.abc import Mapping

from msgspec import Struct

from servescope.errors import ServescopeError, WorkerFailed
from servescope.serving.dispatcher import Dispatcher
from servescope.serving.job import Job, Piece
from servescope.serving.pieces import Pieces
from servescope.web.exchange import Exchange, Headers, encode_headers

logger = logging.getLogger("servescope.web")


class Prediction(Struct, eq=False):
    """The client of a job (`serving.job.Client`)."""

    _exchange: Exchange
    _dispatcher: Dispatcher
    job: Job | None = None
    _pieces: Pieces | None = None
    _task: asyncio.Task[None] | None = None

    def answered(self, status: int, headers: Mapping[str, str], body: Piece) -> None:
        """See `Client`."""
        self.job = None  # they hold each other, and would be left to the garbage collector
        if status == 200 and not headers:
            self._exchange.answer(200, (), body)
            return
        try:
            self._exchange.answer(_checked(status), encode_headers(headers), body)
        except ServescopeError as error:
            self._exchange.fail(error)

    def streamed(self, status: int, headers: Mapping[str, str], piece: Piece, final: bool) -> None:
        """See `Client`."""
        if self._pieces is None:
            self._pieces = Pieces()
            try:
                self._task = asyncio.create_task(self._send(_checked(status), encode_headers(headers)))
            except ServescopeError as error:
                self._exchange.fail(error)
                if self.job is not None:
                    self._dispatcher.abandon(self.job)
                return
        self._pieces.put(piece)
        if final:
            self.job = None
            self._pieces.put(None)

    def failed(self, error: ServescopeError) -> None:
        """See `Client`."""
        self.job = None
        if self._pieces is not None:
            self._pieces.put(error)
        else:
            self._exchange.fail(error)

    def lost(self) -> None:
        """The client hung up."""
        if self.job is not None:
            self._dispatcher.abandon(self.job)
        self._exchange.close()
        if self._pieces is not None:
            self._pieces.put(None)

    async def _send(self, status: int, headers: Headers) -> None:
        assert self._pieces is not None
        try:
            await self._exchange.stream(status, headers, aiter(self._pieces))
        except ServescopeError as error:
            self._exchange.fail(error)
        except Exception:
            logger.exception("The stream of request %s failed", self._exchange.request_id)
            self._exchange.fail(WorkerFailed("Internal server error"))


def _checked(status: int) -> int:
    if not 200 <= status <= 999:
        raise WorkerFailed(f"Invalid response status {status}")
    return status
