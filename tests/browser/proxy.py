"""A reverse proxy that serves another server below a path: in, requests to PREFIX/x; out, that server's answers to /x.

Every connection carries one request, so that nothing but its first lines need be read; what streams, streams.
"""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

PREFIX = "/inside/models"


@contextmanager
def proxied(port: int) -> Iterator[int]:
    """The proxy's port, for as long as the block lasts."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    server = asyncio.run_coroutine_threadsafe(asyncio.start_server(_to(port), "127.0.0.1", 0), loop).result()
    yield server.sockets[0].getsockname()[1]
    loop.call_soon_threadsafe(loop.stop)
    thread.join()


def _to(port: int):
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            there, back = await asyncio.open_connection("127.0.0.1", port)
            back.write(_rewritten(head))
            ways = [asyncio.ensure_future(_pass(reader, back)), asyncio.ensure_future(_pass(there, writer))]
            # Whichever side leaves, the other is told.
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for way in ways:
                way.cancel()
            back.close()
        except (OSError, asyncio.IncompleteReadError):
            pass  # a browser opens connections that it does not use
        finally:
            writer.close()

    return serve


def _rewritten(head: bytes) -> bytes:
    first, *lines = head.rstrip(b"\r\n").split(b"\r\n")
    method, path, version = first.split(b" ")
    assert path.startswith(PREFIX.encode()), path
    kept = [line for line in lines if not line.lower().startswith(b"connection:")]
    return b"\r\n".join([b" ".join([method, path[len(PREFIX) :], version]), *kept, b"Connection: close", b"", b""])


async def _pass(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    while chunk := await source.read(65536):
        target.write(chunk)
        await target.drain()
