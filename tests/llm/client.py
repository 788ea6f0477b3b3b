"""The rig's client (`truth.client`), which also notes when each piece of an answer came, and asks for language models.

In: `Ask`s. Out: `LlmBooks` of `Answer`s. It shares no code with the server, and no HTTP library.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Any

from llm.answer import Answer, LlmBooks
from truth.books import Entry
from truth.client import Ask, Client, Leave

COMPLETIONS = "/v1/completions"
CHAT = "/v1/chat/completions"
# The usage with each event says how many tokens have come, so that a client which leaves has counted too.
COUNTED = {"stream": True, "stream_options": {"include_usage": True, "continuous_usage_stats": True}}


def ask_for(path: str, leave: Leave | None = None, **body: Any) -> Ask:
    """A request with this JSON; `path` may be one of the server's own that ends in one of OpenAI's."""
    return Ask(path, json.dumps(body).encode(), leave=leave, content_type="application/json")


class LlmClient(Client):
    """One client, one connection at a time."""

    async def _read_answer(self, entry: Entry, *, head_only: bool) -> bool:
        """See `Client`; notes the moment at which each chunk was whole."""
        assert isinstance(entry, Answer)
        assert self._reader is not None
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        status, *lines = head.rstrip("\r\n").split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines)
        entry.code = int(status.split(" ")[1])
        if headers.get("transfer-encoding") == "chunked":
            while piece := await self._read_chunk():
                entry.came(time.monotonic(), piece)
        else:
            entry.came(time.monotonic(), await self._reader.readexactly(int(headers["content-length"])))
        return headers.get("connection") != "close"


def load(
    port: int, asks: Iterable[Ask], clients: int = 1, meanwhile: Callable[[], Awaitable[None]] | None = None
) -> LlmBooks:
    """So many clients take the requests one after the other; `meanwhile` runs beside them, and must end by itself."""
    return asyncio.run(_drive(port, asks, clients, meanwhile))


async def _drive(
    port: int, asks: Iterable[Ask], clients: int, meanwhile: Callable[[], Awaitable[None]] | None
) -> LlmBooks:
    books = LlmBooks()
    waiting = iter(asks)
    async with asyncio.TaskGroup() as group:
        for _ in range(clients):
            group.create_task(_take_from(waiting, LlmClient(port, books)))
        if meanwhile is not None:
            group.create_task(_beside(meanwhile))
    return books


async def _beside(meanwhile: Callable[[], Awaitable[None]]) -> None:
    await meanwhile()


async def _take_from(waiting: Iterator[Ask], client: LlmClient) -> None:
    try:
        for ask in waiting:
            await client.ask(ask)
    finally:
        client.hang_up()
