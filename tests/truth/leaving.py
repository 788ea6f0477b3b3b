"""Moments at which a client hangs up, for `client.Ask.leave`, and waiting for the server beside running clients."""

import asyncio
from collections.abc import Callable
from typing import Any

from integration.server import wait_until
from truth.books import Entry
from truth.client import Leave


async def until(condition: Callable[[], Any], what: str = "") -> Any:
    """`wait_until` beside clients that go on."""
    return await asyncio.to_thread(wait_until, condition, what)


def when(condition: Callable[[], Any], what: str = "") -> Leave:
    """As soon as this is so."""

    async def leave(_entry: Entry) -> None:
        await until(condition, what)

    return leave


def at(moment: asyncio.Event) -> Leave:
    """When the test says so."""

    async def leave(_entry: Entry) -> None:
        await moment.wait()

    return leave


def after(seconds: float) -> Leave:
    """So long after it was sent."""

    async def leave(_entry: Entry) -> None:
        await asyncio.sleep(seconds)

    return leave


async def after_a_piece(entry: Entry) -> None:
    """As soon as a part of the answer's body is there."""
    while not entry.body:  # noqa: ASYNC110  # the reader of the answer knows nothing of who waits
        await asyncio.sleep(0.001)
