"""A tiny HTTP/1.1 client over asyncio streams, which hangs up exactly when it is told to, and `load`, many of them at once.

In: `Ask`s. Out: `Books`, or books of another kind, of what became of each. It shares no code with the server, and no HTTP library.
"""

import asyncio
import contextlib
import socket
import struct
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from truth.books import Books, Entry

# Beyond this a request that gets no answer is an error of the test, not a fate.
PATIENCE_S = 60.0

B = TypeVar("B", bound=Books)
Leave = Callable[[Entry], Awaitable[None]]


@dataclass(frozen=True)
class Ask:
    """A request to send. `leave`: wait for it, and hang up then, unless the answer is whole; `reset`: by an RST.

    `content_type` "": no such header; `headers`: others.
    """

    path: str
    body: bytes = b""
    method: str = "POST"
    leave: Leave | None = None
    reset: bool = False
    content_type: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


class Client:
    """One client, one connection at a time, which is kept while the server keeps it."""

    def __init__(self, port: int, books: Books) -> None:
        self._port = port
        self._books = books
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def ask(self, ask: Ask) -> Entry:
        """Send one request, and write down what becomes of it."""
        writer = await self._connected()
        entry = self._books.open(ask.path, len(ask.body))
        head = f"{ask.method} {ask.path} HTTP/1.1\r\nhost: truth\r\ncontent-length: {len(ask.body)}\r\n"
        head += f"content-type: {ask.content_type}\r\n\r\n" if ask.content_type else "\r\n"
        head = (
            head.removesuffix("\r\n") + "".join(f"{name}: {value}\r\n" for name, value in ask.headers.items()) + "\r\n"
        )
        entry.sent = time.monotonic()
        writer.write(head.encode() + ask.body)
        await writer.drain()
        reading = asyncio.ensure_future(self._read_answer(entry, head_only=ask.method == "HEAD"))
        leaving = asyncio.ensure_future(ask.leave(entry)) if ask.leave else None
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.wait({reading, leaving} - {None}, return_when=asyncio.FIRST_COMPLETED)
        await self._settle(entry, reading, leaving, ask.reset)
        return entry

    async def _settle(
        self, entry: Entry, reading: "asyncio.Future[bool]", leaving: "asyncio.Future[None] | None", reset: bool
    ) -> None:
        """Write the fate down, and leave the connection where it cannot be used again."""
        if leaving is not None and not leaving.cancel():
            leaving.result()  # what it waited for did not happen: the test's error
        if reading.done():
            try:
                keep = reading.result()
            except (asyncio.IncompleteReadError, ConnectionError):
                self._books.close(entry, "broken")
                self.hang_up()
                return
            self._books.close(entry, "answered")
            if not keep:
                self.hang_up()
            return
        reading.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await reading
        self.hang_up(reset=reset)
        self._books.close(entry, "hung up")

    async def _connected(self) -> asyncio.StreamWriter:
        if self._writer is None:
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        return self._writer

    def hang_up(self, *, reset: bool = False) -> None:
        """Close the connection at once: with an RST in place of a FIN if asked."""
        if self._writer is None:
            return
        if reset:
            raw = self._writer.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()
        self._writer = self._reader = None

    async def _read_answer(self, entry: Entry, *, head_only: bool) -> bool:
        """Read an answer to its end; whether the connection can be used again. `head_only`: HEAD was asked."""
        assert self._reader is not None
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        status, *lines = head.rstrip("\r\n").split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines)
        entry.code = int(status.split(" ")[1])
        if headers.get("transfer-encoding") == "chunked":
            while piece := await self._read_chunk():
                moment = time.monotonic()
                entry.first = entry.first or moment
                entry.came(moment, piece)
        else:
            size = 0 if head_only else int(headers.get("content-length", "0"))
            whole = await self._reader.readexactly(size)
            entry.came(time.monotonic(), whole)
        return headers.get("connection") != "close"

    async def _read_chunk(self) -> bytes:
        assert self._reader is not None
        size = int((await self._reader.readuntil(b"\r\n")).split(b";")[0], 16)
        return (await self._reader.readexactly(size + 2))[:-2]


async def drive(
    books: B,
    port: int,
    asks: Iterable[Ask],
    clients: int = 1,
    meanwhile: Callable[[B], Awaitable[None]] | None = None,
) -> B:
    """So many clients take the requests one after the other, and write into these books, which come back.

    `meanwhile` runs beside them, and must end by itself.
    """
    waiting = iter(asks)
    async with asyncio.TaskGroup() as group:
        for _ in range(clients):
            group.create_task(_take_from(waiting, Client(port, books)))
        if meanwhile is not None:
            group.create_task(_beside(meanwhile, books))
    return books


async def _beside(meanwhile: Callable[[B], Awaitable[None]], books: B) -> None:
    await meanwhile(books)


async def _take_from(waiting: Iterator[Ask], client: Client) -> None:
    try:
        for ask in waiting:
            await client.ask(ask)
    finally:
        client.hang_up()


def load(
    port: int,
    asks: Iterable[Ask],
    clients: int = 1,
    meanwhile: Callable[[Books], Awaitable[None]] | None = None,
) -> Books:
    """See `drive`; for tests, which are no coroutines."""
    return asyncio.run(drive(Books(), port, asks, clients, meanwhile))
