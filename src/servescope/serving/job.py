"""One request on its way: what is asked, and whom to tell the answer.

Made by `web`, queued and resolved by `serving.dispatcher`.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Protocol

from servescope.errors import ServescopeError
from servescope.wire.frames import Buffer
from servescope.wire.messages import Request

Piece = bytes | memoryview


class Client(Protocol):
    """Who waits for an answer. Called on the loop's thread; must not raise."""

    def answered(self, status: int, headers: Mapping[str, str], body: Piece) -> None:
        """The whole answer."""

    def streamed(self, status: int, headers: Mapping[str, str], piece: Piece, final: bool) -> None:
        """A piece of a streamed answer; status and headers count with the first."""

    def failed(self, error: ServescopeError) -> None:
        """There will be no answer, or no more of it."""


class Job:
    """A request to one model version.

    `label`: the version as the client wrote it, or "default" (TorchServe's metric label). `arrived`: monotonic seconds.
    `attachments`: the bodies that travel beside the message, in order. `alone`: never batched with others, and not counted
    as inference (a model's description of itself). `open`: whether the client still waits.
    """

    __slots__ = (
        "_streams",
        "alone",
        "arrived",
        "attachments",
        "client",
        "deadline",
        "label",
        "open",
        "request",
        "work",
    )

    def __init__(
        self,
        request: Request,
        attachments: Sequence[Buffer],
        label: str,
        arrived: float,
        client: Client,
        *,
        alone: bool = False,
    ) -> None:
        self.request = request
        self.attachments = attachments
        self.label = label
        self.arrived = arrived
        self.client = client
        self.alone = alone
        self.open = True
        self.deadline: asyncio.TimerHandle | None = None
        self.work: object | None = None
        self._streams = False

    def deliver(self, status: int, headers: Mapping[str, str], body: Piece, final: bool) -> bool:
        """Hand the answer, or a piece of it, to the client. False: it waits no more."""
        if not self.open:
            return False
        self.open = not final
        if final and not self._streams:
            self.client.answered(status, headers, body)
        else:
            self._streams = True
            self.client.streamed(status, headers, body, final)
        return True

    def fail(self, error: ServescopeError) -> None:
        """There will be no answer, or no more of it."""
        if self.open:
            self.open = False
            self.client.failed(error)
