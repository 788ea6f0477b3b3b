"""Clients of grpc.aio that write down what became of each call, and leave when they are told to.

In: `Ask`s, as the HTTP rig's. Out: `Books`. Codes are HTTP's, read off gRPC's status: handlers here give none that share one.
"""

import asyncio
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from grpc_clients.needed import needed
from truth.books import Books, Entry
from truth.client import PATIENCE_S, Ask

CODES = {
    "OK": 200,
    "INVALID_ARGUMENT": 400,
    "NOT_FOUND": 404,
    "ABORTED": 409,
    "INTERNAL": 500,
    "UNAVAILABLE": 503,
    "RESOURCE_EXHAUSTED": 507,
}


@dataclass(frozen=True)
class Call(Ask):
    """`pieces`: by StreamPredictions. `deadline_s`: after which its client has left; None: it has time."""

    pieces: bool = False
    deadline_s: float | None = None


class Client:
    """One client, a connection of its own. `messages`, `stubs`: the modules made of inference.proto."""

    def __init__(self, port: int, books: Books, messages: Any, stubs: Any) -> None:
        self._messages = messages
        self._books = books
        self._channel = needed("grpc").aio.insecure_channel(f"127.0.0.1:{port}")
        self._stub = stubs.InferenceAPIsServiceStub(self._channel)

    async def close(self) -> None:
        """Hang up."""
        await self._channel.close()

    async def ask(self, ask: Call) -> None:
        """Call once, and write down what becomes of it."""
        request = self._messages.PredictionsRequest(model_name=ask.path, input={"body": ask.body})
        entry = self._books.open(ask.path, request.ByteSize())
        entry.sent = time.monotonic()
        reading = asyncio.ensure_future(self._read(entry, request, ask))
        leaving = asyncio.ensure_future(ask.leave(entry)) if ask.leave else None
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.wait({reading, leaving} - {None}, return_when=asyncio.FIRST_COMPLETED)
        if leaving is not None and not leaving.cancel():
            leaving.result()
        if not reading.done():
            reading.cancel()
            await asyncio.wait({reading})
            self._books.close(entry, "hung up")
            return
        status = reading.result()
        if status == "DEADLINE_EXCEEDED" and ask.deadline_s is not None:
            self._books.close(entry, "hung up")
            return
        entry.code = CODES[status]
        self._books.close(entry, "answered")

    async def _read(self, entry: Entry, request: Any, ask: Call) -> str:
        """The status' name. A call that is cancelled with this coroutine is cancelled on the wire."""
        method = self._stub.StreamPredictions if ask.pieces else self._stub.Predictions
        call = method(request, timeout=ask.deadline_s)
        try:
            if ask.pieces:
                async for piece in call:
                    entry.first = entry.first or time.monotonic()
                    entry.came(time.monotonic(), piece.SerializeToString())
            else:
                entry.came(time.monotonic(), (await call).SerializeToString())
        except needed("grpc").RpcError as error:
            name: str = error.code().name
            return name
        finally:
            call.cancel()
        return "OK"


async def drive(port: int, books: Books, modules: tuple[Any, Any], asks: Iterable[Call], clients: int) -> None:
    """So many clients take the calls one after the other."""
    waiting = iter(asks)
    async with asyncio.TaskGroup() as group:
        for _ in range(clients):
            group.create_task(_take_from(waiting, Client(port, books, *modules)))


async def _take_from(waiting: Iterator[Call], client: Client) -> None:
    try:
        for ask in waiting:
            await client.ask(ask)
    finally:
        await client.close()
