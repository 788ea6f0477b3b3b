"""The Ray driver as the front end sees it: a process, started when a worker is first wanted and again when it is gone.

In: `Place` and `Release`. Out: what it says, to `heard`. Held by `backend`.
"""

import asyncio
import logging
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import IO, cast

import msgspec

from servescope.fleet.backends.ray.messages import Connected, FromDriver, ToDriver, Unable
from servescope.wire.frames import FrameReader, FrameTooLarge, encode

_MODULE = "servescope.fleet.backends.ray.driver"
_FRAME_LIMIT = 1024 * 1024
_decoder: "msgspec.msgpack.Decoder[FromDriver]" = msgspec.msgpack.Decoder(FromDriver)

logger = logging.getLogger("servescope.fleet")


class DriverProcess(asyncio.Protocol):
    """One driver. `connected`: the address by which the cluster's nodes know this machine; raises OSError where it has no cluster.

    `heard` is told each message about an actor, `gone` once that there will be none any more, and why.
    """

    def __init__(self, heard: Callable[[FromDriver], None], gone: Callable[[str], None]) -> None:
        self.connected: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._heard = heard
        self._gone = gone
        self._feed = FrameReader(_decoder, _FRAME_LIMIT).feed
        self._transport: asyncio.Transport | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._why = "the Ray driver has ended"
        self.over = asyncio.Event()

    async def start(self, address: str, environ: Mapping[str, str]) -> None:
        """Start it.

        Raises:
            OSError: it cannot be.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                self._process = _spawn(theirs.fileno(), address, environ)
            except OSError:
                ours.close()
                raise
        self._observe(self._process)
        loop = asyncio.get_running_loop()
        await loop.connect_read_pipe(_Echo, cast("IO[bytes]", self._process.stderr))
        await loop.create_unix_connection(lambda: self, sock=ours)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid if self._process is not None else 0

    def send(self, message: ToDriver) -> None:
        """Send a message; nothing happens when it is gone already."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(encode(message))

    async def close(self, patience_s: float) -> None:
        """Have it end, with its actors; end it where it does not in so many seconds."""
        if self._process is None:
            return  # it could not be started
        if self._transport is not None:
            self._transport.close()
        try:
            await asyncio.wait_for(self.over.wait(), patience_s)
        except TimeoutError:
            self._process.kill()
            await self.over.wait()

    def _observe(self, process: "subprocess.Popen[bytes]") -> None:
        loop = asyncio.get_running_loop()
        descriptor = os.pidfd_open(process.pid)

        def ended() -> None:
            loop.remove_reader(descriptor)
            os.close(descriptor)
            process.wait()
            self.over.set()

        loop.add_reader(descriptor, ended)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See `asyncio.Protocol`."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        try:
            for message, _ in self._feed(data):
                if isinstance(message, Connected):
                    self.connected.set_result(message.host)
                elif isinstance(message, Unable):
                    self._why = message.why
                else:
                    self._heard(message)
        except (FrameTooLarge, msgspec.DecodeError) as error:
            self._why = f"the Ray driver speaks another language: {error}"
            if self._transport is not None:
                self._transport.abort()

    def connection_lost(self, _exc: Exception | None) -> None:
        """See `asyncio.Protocol`."""
        if not self.connected.done():
            self.connected.set_exception(OSError(self._why))
            self.connected.exception()  # it may be that nobody waits
        self._gone(self._why)


class _Echo(asyncio.Protocol):
    """What the driver says on standard error is said on this process's own, which holds up neither where nobody reads it."""

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        with suppress(OSError, ValueError):
            sys.stderr.buffer.write(data)
            sys.stderr.flush()


def _spawn(descriptor: int, address: str, environ: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", _MODULE, str(descriptor), address],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=dict(environ),
        pass_fds=[descriptor],
        start_new_session=True,  # it outlives whoever ends the front end's group, to see to its actors
    )
