"""One request on its way: what is asked, and the future that its answer resolves.

Made by `web.inference`, queued and resolved by `serving.dispatcher`.
"""

import asyncio
from collections.abc import Mapping, Sequence

from servescope.errors import ServescopeError
from servescope.wire.frames import Buffer
from servescope.wire.messages import Request

Piece = bytes | memoryview


class Answer:
    """What a handler answered: status, headers and body; `pieces` brings the rest where it streams."""

    __slots__ = ("body", "headers", "pieces", "status")

    def __init__(self, status: int, headers: Mapping[str, str], body: Piece, pieces: "Pieces | None" = None) -> None:
        self.status = status
        self.headers = headers
        self.body = body
        self.pieces = pieces


class Pieces:
    """The later pieces of a streamed answer, as they come."""

    __slots__ = ("_queue",)

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Piece | ServescopeError | None] = asyncio.Queue()

    def put(self, piece: Piece | ServescopeError | None) -> None:
        """Add a piece; None after the last; an error where the stream breaks off."""
        self._queue.put_nowait(piece)

    async def next(self) -> Piece | None:
        """The next piece, None at the end.

        Raises:
            ServescopeError: the stream broke off.
        """
        piece = await self._queue.get()
        if isinstance(piece, ServescopeError):
            raise piece
        return piece


class Job:
    """A request to one model version.

    `label`: the version as the client wrote it, or "default" (TorchServe's metric label). `arrived`: monotonic seconds.
    `attachments`: the bodies that travel beside the message, in order. `alone`: never batched with others, and not counted
    as inference (a model's description of itself).
    """

    __slots__ = ("alone", "arrived", "attachments", "deadline", "future", "label", "pieces", "request", "work")

    def __init__(
        self, request: Request, attachments: Sequence[Buffer], label: str, arrived: float, *, alone: bool = False
    ) -> None:
        self.request = request
        self.attachments = attachments
        self.label = label
        self.arrived = arrived
        self.alone = alone
        self.future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self.pieces: Pieces | None = None
        self.deadline: asyncio.TimerHandle | None = None
        self.work: object | None = None

    @property
    def open(self) -> bool:
        """Whether its client still waits for an answer or a piece of it."""
        return self.pieces is not None or not self.future.done()

    def deliver(self, status: int, headers: Mapping[str, str], body: Piece, final: bool) -> bool:
        """Hand the answer, or a piece of it, to the client's task. False: it waits no more."""
        if self.pieces is not None:
            self.pieces.put(body)
            if final:
                self.pieces.put(None)
        elif not self.future.done():
            if not final:
                self.pieces = Pieces()
            self.future.set_result(Answer(status, headers, body, self.pieces))
        else:
            return False
        return True

    def fail(self, error: ServescopeError) -> None:
        """There will be no answer, or no more of it."""
        if self.pieces is not None:
            self.pieces.put(error)
        elif not self.future.done():
            self.future.set_exception(error)
