"""What a concurrent worker has for the front end: all that one turn of the loop brings goes out in one write.

Filled by `worker.sessions.concurrent` for every reply, streamed pieces above all: a write costs more than what a piece is made of.
A turn that a handler makes long is not waited for: its pieces go out as they come.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Sequence

from servescope.wire.blocking import BlockingChannel, ChannelClosed
from servescope.wire.frames import Buffer, encode
from servescope.wire.messages import FromWorker

HELD_S = 0.005  # a turn that takes longer waits for a model, and not for the loop's own work


class Outbox:
    """Messages on their way out over `channel`. `send` may be called from any thread; the loop writes. `clock`: in seconds."""

    def __init__(
        self, channel: BlockingChannel, loop: asyncio.AbstractEventLoop, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._channel = channel
        self._loop = loop
        self._clock = clock
        self._thread = threading.get_ident()
        self._lock = threading.Lock()
        self._buffers: list[Buffer] = []
        self._since = 0.0  # when the first of them came

    def send(self, message: FromWorker, attachments: Sequence[Buffer] = ()) -> None:
        """Have a message sent at the end of this turn. What no message can hold is raised here."""
        frame = encode(message, attachments)
        with self._lock:
            first = not self._buffers
            if first:
                self._since = self._clock()
            self._buffers.append(frame)
            self._buffers += attachments
        if not first:
            if self._clock() - self._since > HELD_S and threading.get_ident() == self._thread:
                self._flush()
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
