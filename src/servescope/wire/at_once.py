"""Writes that do not wait for the end of the loop's turn, as uvloop's transports do: the other side begins while this one goes on.

Used by those who gather what a turn has to say: `front_ends.channel`, `backends.link`.
"""

import asyncio
import os
from collections.abc import Sequence

from servescope.wire.frames import Buffer

# Requests, or answers, that are worth a write before the turn ends. With 8 or 32 nothing measurable was gained over this.
ENOUGH = 16
_JOINED = 64 * 1024  # bytes that are copied into one write


def write_at_once(transport: asyncio.WriteTransport, pieces: Sequence[Buffer]) -> None:
    """Hand them to the system, and to the transport what that does not take: all of it, where it is much, or others wait there.
    Errors are the transport's to tell.
    """
    if (
        transport.get_write_buffer_size()
        or (len(pieces) > 1 and sum(map(len, pieces)) > _JOINED)
        or transport.get_extra_info("sslcontext") is not None
    ):
        transport.writelines(pieces)
        return
    data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
    try:
        sent = os.write(transport.get_extra_info("socket").fileno(), data)
    except OSError:  # full, or gone
        sent = 0
    if sent < len(data):
        transport.write(memoryview(data)[sent:])
