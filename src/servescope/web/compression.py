"""Gzip for large answers, on a thread of its own: zlib lets go of the interpreter, so the loop serves requests meanwhile.

In: pieces of an answer's body. Out: the compressed ones. Called by `metrics`.
"""

import asyncio
import os
import threading
import zlib
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor

from servescope.metrics.exposition.negotiation import preferences

# The fastest: it makes a tenth of an exposition, and the best one hardly less.
_LEVEL = 1
_NICENESS = 10
_GZIP = 16 + zlib.MAX_WBITS


def _step_back() -> None:
    """Let the workers have the processors first: on Linux a thread has a niceness of its own."""
    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)


def takes_gzip(accept_encoding: str) -> bool:
    """Whether a client wants gzip, by its Accept-Encoding header; "" for none."""
    qualities = {each.value: each.quality for each in preferences(accept_encoding)}
    return qualities.get("gzip", qualities.get("x-gzip", qualities.get("*", 0.0))) > 0.0


class Compressor:
    """Compresses answers. The thread starts with the first one and ends with the process."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "gzip", _step_back)

    async def whole(self, body: bytes) -> bytes:
        """A whole body."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, zlib.compress, body, _LEVEL, _GZIP)

    async def stream(self, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """A body that comes in pieces, which should be of 64 KiB or more; some of what comes out may be empty."""
        loop = asyncio.get_running_loop()
        packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
        async for piece in pieces:
            yield await loop.run_in_executor(self._thread, packer.compress, piece)
        yield await loop.run_in_executor(self._thread, packer.flush)
