"""One request on its way: what is asked, and whom to tell the answer.

Made by `web`, queued and resolved by `serving.queue.dispatcher`.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from servescope.errors import ServescopeError
from servescope.metrics.recording.requests.times import BatchTimes
from servescope.wire.messages import Request
from servescope.wire.spooled.body import Attachment

Piece = bytes | memoryview


class Client(Protocol):
    """Who waits for an answer. Called on the loop's thread; must not raise."""

    def answered(self, status: int, headers: Mapping[str, str], body: Piece) -> None:
        """The whole answer."""

    def streamed(self, status: int, headers: Mapping[str, str], piece: Piece, final: bool) -> None:
        """A piece of a streamed answer; status and headers count with the first."""

    def failed(self, error: ServescopeError) -> None:
        """There will be no answer, or no more of it."""


class Job(Struct, eq=False):
    """A request to one model version.

    `label`: the version as the client wrote it, or "default" (TorchServe's metric label). `arrived`: monotonic seconds.
    `attachments`: the bodies that travel beside the message, in order. `alone`: never batched with others, and not counted
    as inference (a model's description of itself). `open`: whether the client still waits. `streams`: it has got a piece.
    `work`: the batch that it is in, None while it is queued. `times`: that batch's, also when it is over.
    """

    request: Request
    attachments: Sequence[Attachment]
    label: str
    arrived: float
    client: Client
    alone: bool = False
    open: bool = True
    streams: bool = False
    deadline: asyncio.TimerHandle | None = None
    work: object | None = None
    times: BatchTimes | None = None

    @property
    def asked_version(self) -> str | None:
        """The version that the client asked for, None: the default."""
        return None if self.label == "default" else self.label

    def deliver(self, status: int, headers: Mapping[str, str], body: Piece, final: bool) -> bool:
        """Hand the answer, or a piece of it, to the client. False: it waits no more."""
        if not self.open:
            return False
        self.open = not final
        if final and not self.streams:
            self.client.answered(status, headers, body)
        else:
            self.streams = True
            self.client.streamed(status, headers, body, final)
        return True

    def fail(self, error: ServescopeError) -> None:
        """There will be no answer, or no more of it."""
        if self.open:
            self.open = False
            self.client.failed(error)
