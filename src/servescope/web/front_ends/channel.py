"""The channel between a front end and the owner, at either end: messages in, each to who takes its kind; messages out.

Made by `front_end` in the owner, and by `child.relay` in the process at the other end.
"""

import asyncio
import socket
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Generic, TypeVar, cast

import msgspec

from servescope.wire.at_once import ENOUGH, write_at_once
from servescope.wire.frames import Attachments, Buffer, FrameReader, FrameWriter

Message = TypeVar("Message")


class Channel(asyncio.Protocol, Generic[Message]):
    """Frames over one end of a socket pair. `takes`: by kind, what is called with a message, and what came beside it. `lost` is
    called once, when the other side has gone. `writable` is cleared while more waits for the other side than should.
    """

    def __init__(
        self,
        decoder: "msgspec.msgpack.Decoder[list[Message]]",
        takes: Mapping[type, Callable[[Any, Attachments], None]],
        lost: Callable[[], None],
    ) -> None:
        self._feed = FrameReader(decoder).feed
        self._takes = takes
        self._lost = lost
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._outgoing = FrameWriter()
        self._mentioned: deque[msgspec.Struct] = deque()
        self._transport: asyncio.Transport | None = None
        self.writable = asyncio.Event()
        self.writable.set()

    async def open(self, end: socket.socket) -> None:
        """Begin to read and write."""
        await self._loop.create_unix_connection(lambda: self, sock=end)

    def say(self, message: msgspec.Struct, attachments: Sequence[Buffer] = ()) -> None:
        """Send a message; nothing happens before `open`, or when the other side has gone."""
        # What one turn of the loop has to say goes out in few writes: a write costs more than a message.
        count = self._outgoing.add(message, attachments)
        if count == 1:
            self._loop.call_soon(self.flush)
        elif count == ENOUGH:
            self.flush()

    def mention(self, message: msgspec.Struct) -> None:
        """As `say`, but from anywhere: a finalizer calls this in the midst of `say`, or on another thread."""
        self._mentioned.append(message)
        with suppress(RuntimeError):  # the loop has ended, and nobody listens
            if threading.get_ident() == self._thread:
                self._loop.call_soon(self.flush)
            else:
                self._loop.call_soon_threadsafe(self.flush)

    def flush(self) -> None:
        """Send what waits for the turn's end."""
        while self._mentioned:
            self._outgoing.add(self._mentioned.popleft())
        outgoing, transport = self._outgoing.take(), self._transport
        if outgoing and transport is not None and not transport.is_closing():
            write_at_once(transport, outgoing)

    def close(self) -> None:
        """Say no more; what was said goes out."""
        self.flush()
        if self._transport is not None:
            self._transport.close()

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """See asyncio."""
        takes = self._takes
        for messages, attachments in self._feed(data):
            for message in messages:
                takes[type(message)](message, attachments)

    def pause_writing(self) -> None:
        """See asyncio."""
        self.writable.clear()

    def resume_writing(self) -> None:
        """See asyncio."""
        self.writable.set()

    def connection_lost(self, _exc: Exception | None) -> None:
        """See asyncio."""
        self.writable.set()
        self._transport = None
        self._lost()
