"""A connection to the front end that is encrypted on the way: in, where it leads; out, a plain socket of this machine.

The worker speaks to what is handed down to it as to a socket pair, which it is; here, on the agent's loop, whatever comes out of
one end goes into the other. Used by `joining` where there is TLS.
"""

import asyncio
import socket
import ssl
from typing import cast

from servescope.wire.tcp import prepare


class _End(asyncio.Protocol):
    """One of the two: what it hears, the other says. It reads no more while the other has too much to say."""

    def __init__(self) -> None:
        self.other: _End
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self.other.say(data)

    def say(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def pause_writing(self) -> None:
        self.other.listen(on=False)

    def resume_writing(self) -> None:
        self.other.listen(on=True)

    def listen(self, *, on: bool) -> None:
        if self._transport is not None and not self._transport.is_closing():
            (self._transport.resume_reading if on else self._transport.pause_reading)()

    def connection_lost(self, _exc: Exception | None) -> None:
        self._transport = None
        self.other.close()

    def close(self) -> None:
        """Once all is said."""
        if self._transport is not None:
            self._transport.close()


async def tunnel(host: str, port: int, context: ssl.SSLContext, patience_s: float) -> socket.socket:
    """The near end, blocking; closing it closes the far one.

    Raises:
        OSError: nobody is there, or it is not who it should be.
    """
    loop = asyncio.get_running_loop()
    near, far = _End(), _End()
    near.other, far.other = far, near
    handed_down, kept = socket.socketpair()
    try:
        await loop.create_unix_connection(lambda: near, sock=kept)
        async with asyncio.timeout(patience_s):
            transport, _ = await loop.create_connection(lambda: far, host, port, ssl=context)
        prepare(transport.get_extra_info("socket"))
    except BaseException:
        near.close()
        handed_down.close()
        raise
    return handed_down
