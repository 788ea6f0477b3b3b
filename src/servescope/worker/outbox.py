"""What a concurrent worker has for the front end: all that one turn of the loop brings goes out in one write.

Filled by `worker.concurrent` for every reply, streamed pieces above all: a write costs more than what a piece is made of.
"""

import asyncio
import threading
from collections.abc import Sequence

from servescope.wire.blocking import BlockingChannel, ChannelClosed
from servescope.wire.frames import Buffer, encode
from servescope.wire.messages import FromWorker


class Outbox:
    """Messages on their way out over `channel`. `send` may be called from any thread; the loop writes."""

    def __init__(self, channel: BlockingChannel, loop: asyncio.AbstractEventLoop) -> None:
        self._channel = channel
        self._loop = loop
        self._thread = threading.get_ident()
        self._lock = threading.Lock()
        self._buffers: list[Buffer] = []

    def send(self, message: FromWorker, attachments: Sequence[Buffer] = ()) -> None:
        """Have a message sent at the end of this turn. What no message can hold is raised here."""
        frame = encode(message, attachments)
        with self._lock:
            first = not self._buffers
            self._buffers.append(frame)
            self._buffers += attachments
        if not first:
            return
        if threading.get_ident() == self._thread:
            self._loop.call_soon(self._flush)
        else:
            self._loop.call_soon_threadsafe(self._flush)

    def flush(self) -> None:
        """Write what there is now.

        Raises:
            ChannelClosed: the front end has gone.
        """
        with self._lock:
            buffers, self._buffers = self._buffers, []
        if buffers:
            self._channel.send_buffers(buffers)

    def _flush(self) -> None:
        try:
            self.flush()
        except ChannelClosed:
            pass  # who reads the channel hears of it too
