"""The front end's end of an agent's control connection: pings, and who hears of what the agent says.

Held by `worker`. An agent that says nothing for FRONT_END_PATIENCE_S is cut off: its machine, or the network, hangs.
"""

import asyncio
import time
from collections.abc import Callable
from typing import cast

import msgspec

from servescope.fleet.backends.remote.offset import Offset
from servescope.wire.agent import FRONT_END_PATIENCE_S, PING_S, FromAgent, Ping, Pong, ToAgent
from servescope.wire.frames import FrameReader, FrameTooLarge, encode

FRAME_LIMIT = 64 * 1024 * 1024
_decoder: "msgspec.msgpack.Decoder[FromAgent]" = msgspec.msgpack.Decoder(FromAgent)


class Control(asyncio.Protocol):
    """`heard` is told each message but pongs, `lost` once why there will be none any more. `offset`: of the agent's clock."""

    def __init__(self, heard: Callable[[FromAgent], None], lost: Callable[[str], None]) -> None:
        self.offset = Offset()
        self._heard = heard
        self._lost = lost
        self._feed = FrameReader(_decoder, FRAME_LIMIT).feed
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._last = 0.0
        self._checked = 0.0
        self._why = "its connection is closed"

    def send(self, message: ToAgent) -> None:
        """Send a message; nothing happens when the agent is gone already."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(encode(message))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See `asyncio.Protocol`."""
        self._transport = cast("asyncio.Transport", transport)
        self._last = self._checked = self._loop.time()
        self._ping()

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        self._last = self._loop.time()
        try:
            for message, _ in self._feed(data):
                if isinstance(message, Pong):
                    self.offset.heard(message.sent, message.clock, time.monotonic())
                else:
                    self._heard(message)
        except (FrameTooLarge, msgspec.DecodeError) as error:
            self.cut(f"its agent speaks another language: {error}")

    def connection_lost(self, exc: Exception | None) -> None:
        """See `asyncio.Protocol`."""
        if self._timer is not None:
            self._timer.cancel()
        lost, self._lost = self._lost, _nobody
        lost(self._why if exc is None else f"{self._why}: {exc}")

    def cut(self, why: str) -> None:
        """Hear no more of it."""
        self._why = why
        if self._transport is not None:
            self._transport.abort()

    def _ping(self) -> None:
        now = self._loop.time()
        # What this loop itself was late by is nobody's silence: what has come in meanwhile is only read next.
        if now - self._checked > 2 * PING_S:
            self._last = now
        self._checked = now
        if now - self._last >= FRONT_END_PATIENCE_S:
            self.cut(f"its agent has said nothing for {FRONT_END_PATIENCE_S:g} s")
            return
        self.send(Ping(time.monotonic()))
        self._timer = self._loop.call_later(PING_S, self._ping)


def _nobody(_why: str) -> None:
    """It is told."""
