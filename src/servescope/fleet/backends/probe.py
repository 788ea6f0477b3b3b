"""The front end's end of a worker's probe: asks for the handler's own metrics, and keeps the last answer.

Made by `fleet.backends.process` with each worker, and idle until the worker says that its handler uses prometheus_client;
from then on it is a `metrics.foreign.passthrough.MetricsSource`. Answers are kept as bytes: whoever wants them decodes them.
"""

import asyncio
from collections.abc import Callable
from typing import cast

import msgspec

from servescope.wire.exposed import ANSWER_LIMIT, PIECE_LIMIT, QUESTION, FromProbe, Hello
from servescope.wire.frames import HEADER_SIZE, FrameReader, FrameTooLarge

_HEADS = 64  # more than the head of an answer's frame takes, bytes
_decoder: "msgspec.msgpack.Decoder[FromProbe]" = msgspec.msgpack.Decoder(FromProbe)


def _nobody_asks(_probe: "Probe") -> None:
    """The worker has gone."""


class Probe(asyncio.Protocol):
    """One worker's probe. `offered` is called once, when there is something to ask for.

    `latest`: the pieces of the last whole answer, each an `Exposed` in msgpack; () when the worker has gone.
    `problem`: why it is asked no more, "" while it is.
    """

    def __init__(self, offered: Callable[["Probe"], None]) -> None:
        self.latest: tuple[bytes, ...] = ()
        self.problem = ""
        self._offered = offered
        self._greeted = False
        self._transport: asyncio.Transport | None = None
        self._feed = FrameReader(_decoder, HEADER_SIZE + _HEADS + PIECE_LIMIT).feed
        self._pieces: list[bytes] = []
        self._size = 0
        self._answered: asyncio.Future[None] | None = None

    def ask(self) -> "asyncio.Future[None] | None":
        """Ask for the metrics of this moment; done when `latest` has them, or when they will never come.

        None where an earlier question is open still, so that a worker whose handler does not let go of the interpreter's
        lock is waited for once, not at every scrape; `latest` is then what it said before.
        """
        if self._transport is None or self._transport.is_closing() or self._answered is not None:
            return None
        self._answered = asyncio.get_running_loop().create_future()
        self._transport.write(QUESTION)
        return self._answered

    def close(self) -> None:
        """The worker has gone."""
        self._offered = _nobody_asks
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See `asyncio.Protocol`."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`. A worker that breaks the rules is not asked again; its serving goes on."""
        try:
            for message, attachments in self._feed(data):
                if isinstance(message, Hello):
                    self._greet()
                else:
                    self._take(bytes(attachments.take(message.size)), last=message.last)
        except (FrameTooLarge, msgspec.DecodeError) as error:
            self._give_up(str(error))

    def _greet(self) -> None:
        if not self._greeted:
            self._greeted = True
            self._offered(self)

    def _take(self, piece: bytes, *, last: bool) -> None:
        self._size += len(piece)
        if self._size > ANSWER_LIMIT:
            self._give_up(f"an answer of more than {ANSWER_LIMIT} bytes")
            return
        if piece:
            self._pieces.append(piece)
        if last:
            self.latest = tuple(self._pieces)
            self._pieces, self._size = [], 0
            self._settle()

    def _give_up(self, why: str) -> None:
        self.problem = why
        self.close()

    def _settle(self) -> None:
        answered, self._answered = self._answered, None
        if answered is not None and not answered.done():
            answered.set_result(None)

    def connection_lost(self, _exc: Exception | None) -> None:
        """See `asyncio.Protocol`."""
        self.latest, self._pieces = (), []
        self._settle()
