"""The agent's end of its control connection: in, what the front end says; out, pongs, and what the agent has to tell.

A front end that says nothing for AGENT_PATIENCE_S is gone for this agent: its machine, or the network, hangs.
"""

import asyncio
import time
from collections.abc import Callable
from typing import cast

import msgspec

from servescope.wire.agent import AGENT_PATIENCE_S, End, FromAgent, Look, Ping, Pong, ToAgent, Watch
from servescope.wire.frames import FrameReader, FrameTooLarge, encode

_FRAME_LIMIT = 64 * 1024  # its messages have a number at most
_decoder: "msgspec.msgpack.Decoder[ToAgent]" = msgspec.msgpack.Decoder(ToAgent)


class Control(asyncio.Protocol):
    """`look`: the front end wants to know what was measured. `end`: it wants the worker ended, or has gone.

    `hush`: the front end does not keep up, or does again. `watch`: it wants to be told of the machine.
    """

    def __init__(
        self,
        look: Callable[[], None],
        end: Callable[[], None],
        hush: Callable[[bool], None],
        watch: Callable[[Watch], None],
    ) -> None:
        self.choked = False
        self.lost = asyncio.Event()
        self._look = look
        self._end = end
        self._hush = hush
        self._watch = watch
        self._feed = FrameReader(_decoder, _FRAME_LIMIT).feed
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None

    def send(self, message: FromAgent) -> None:
        """Send a message; nothing happens when the front end is gone already."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(encode(message))

    def close(self) -> None:
        """All is said."""
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See `asyncio.Protocol`."""
        self._transport = cast("asyncio.Transport", transport)
        self._wait_on()

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        self._wait_on()
        try:
            for message, _ in self._feed(data):
                match message:
                    case Ping(sent):
                        self.send(Pong(sent, time.monotonic()))
                    case Look():
                        self._look()
                    case Watch():
                        self._watch(message)
                    case End():
                        self._end()
        except (FrameTooLarge, msgspec.DecodeError):
            self._abort()

    def _wait_on(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(AGENT_PATIENCE_S, self._abort)

    def _abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def pause_writing(self) -> None:
        """See `asyncio.Protocol`."""
        self.choked = True
        self._hush(True)

    def resume_writing(self) -> None:
        """See `asyncio.Protocol`."""
        self.choked = False
        self._hush(False)

    def connection_lost(self, _exc: Exception | None) -> None:
        """See `asyncio.Protocol`."""
        if self._timer is not None:
            self._timer.cancel()
        self.lost.set()
        self._end()
