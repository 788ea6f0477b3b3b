"""What joins the front end and a running worker, wherever it runs: its channel, its probe, and how its end is told.

In: messages to send, what its channel brings, that its process has gone. Out: `fleet.launch.WorkerEvents`. Each backend has a kind
of its own, which knows how to end the process.
"""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

import msgspec

from servescope.fleet.backends.probe import Probe
from servescope.fleet.launch import WorkerEvents
from servescope.metrics.recording.processes import Elsewhere
from servescope.wire.at_once import ENOUGH, write_at_once
from servescope.wire.frames import Attachments, Buffer, FrameReader, FrameTooLarge, encode
from servescope.wire.messages import Batch, FromWorker, Reply, ToWorker
from servescope.wire.spooled.body import Attachment
from servescope.wire.spooled.lent import Lent
from servescope.wire.spooled.placing import Placed

logger = logging.getLogger("servescope.fleet")

LAST_WORDS_S = 1.0
_decoder: "msgspec.msgpack.Decoder[FromWorker]" = msgspec.msgpack.Decoder(FromWorker)


class Channel(asyncio.Protocol):
    """Frames in, messages out, to `take`. A worker that breaks the protocol or the size limit is ended."""

    def __init__(self, link: "Link", limit: int, take: Callable[[FromWorker, Attachments], None]) -> None:
        self._link = link
        self._take = take
        self._feed = FrameReader(_decoder, limit).feed

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        lent = self._link.lent
        try:
            for message, attachments in self._feed(data):
                if lent and isinstance(message, Reply) and message.final:
                    lent.answered(message.batch_id)
                self._take(message, attachments)
        except (FrameTooLarge, msgspec.DecodeError) as error:
            self._link.end_because(str(error))
        except Exception as error:
            logger.exception("A worker's message could not be taken in")
            self._link.end_because(f"{type(error).__name__}: {error}")

    def connection_lost(self, _exc: Exception | None) -> None:
        """See `asyncio.Protocol`."""
        self._link.channel_lost()


class Link(ABC):
    """A running worker, as its owner holds it (`fleet.launch.WorkerLink`). `lent`: bodies that it reads where they lie."""

    pid = 0
    elsewhere: Elsewhere | None = None
    reason: asyncio.Future[str] | None = None  # of its end, where only time tells

    def __init__(self, events: WorkerEvents) -> None:
        self.events = events
        self.probe = Probe(self._metrics_offered)
        self.lent = Lent()
        self._loop = asyncio.get_running_loop()
        self._channel: asyncio.WriteTransport | None = None
        self._outgoing: list[Buffer] = []
        self._gone = self._channel_ended = self._told = False
        self._why: str | None = None
        self._status = 0

    @abstractmethod
    def kill(self) -> None:
        """End it now, with everything it started."""

    @abstractmethod
    def _parted(self) -> None:
        """Its end is told: let go of whatever there is besides the channel and the probe."""

    @abstractmethod
    def _beside(
        self, message: ToWorker, attachments: Sequence[Attachment]
    ) -> tuple[ToWorker | Placed, Sequence[Buffer]]:
        """What is said to the worker, and what travels beside it: all of the attachments, but for those that it can have itself."""

    def attach(self, channel: asyncio.WriteTransport) -> None:
        """The channel to the started process is open."""
        self._channel = channel

    def _metrics_offered(self, probe: Probe) -> None:
        if not self._gone:
            self.events.metrics_offered(probe)

    def send(self, message: ToWorker, attachments: Sequence[Attachment] = ()) -> None:
        """Send a message; nothing happens when the worker is gone already."""
        channel = self._channel
        if channel is None or channel.is_closing():
            return
        # What one turn of the loop has for the worker goes out in few writes: a write costs more than a batch of one.
        if not self._outgoing:
            self._loop.call_soon(self._flush)
        if not attachments:
            self._outgoing.append(encode(message))
            if isinstance(message, Batch) and len(message.requests) >= ENOUGH:
                self._flush()
            return
        said, beside = self._beside(message, attachments)
        self._outgoing.append(encode(said, beside))
        self._outgoing += beside
        if isinstance(said, Placed):  # last: who is not told reads nothing
            self.lent.lend(said.batch.id, attachments)

    def _flush(self) -> None:
        outgoing, self._outgoing = self._outgoing, []
        if outgoing and self._channel is not None and not self._channel.is_closing():
            write_at_once(self._channel, outgoing)

    def end_because(self, why: str) -> None:
        """End a worker that cannot be worked with."""
        if not self._gone and self._why is None:
            self._why = why
            self.events.line_received("stderr", f"The worker is ended: {why}")
            self.kill()

    def channel_lost(self) -> None:
        """Without a channel a worker is of no use, but it gets a second to end with a status that tells why."""
        self._channel_ended = True
        if self._gone:
            self._tell_end()
        else:
            self._loop.call_later(LAST_WORDS_S, self.end_because, "it closed its channel")

    def process_gone(self, status: int) -> None:
        """Its process has ended, with this exit status or minus the signal."""
        self._gone = True
        self._status = status
        if self._channel is None or self._channel_ended:
            self._tell_end()
            return
        # Which batch it had begun on is told by the answers it gave: those on their way are waited for.
        self.events.ending()
        self._loop.call_later(LAST_WORDS_S, self._tell_end)

    def _tell_end(self) -> None:
        if self._told:
            return
        self._told = True
        self.lent.clear()  # it is not known what it read, but it reads no more
        self.probe.close()
        if self._channel is not None:
            self._channel.close()
        self._parted()
        self.events.ended(self._status, self._why, self.reason)
