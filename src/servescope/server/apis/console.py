"""The console, on the metrics port, unless `enable_console=false`, or there is no such port, or nothing is measured.

What it is made of is imported when it is opened, which is when the startup models' workers start: nobody waits for it there.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from servescope.server.apis.api import Api
from servescope.server.beginning import Beginning
from servescope.server.composition import Part
from servescope.server.http.tokens import Tokens
from servescope.server.measuring import Measuring
from servescope.server.models import Models
from servescope.server.scaling import Scaling
from servescope.web.http.app import Handler, Refused
from servescope.web.http.exchange import Exchange
from servescope.web.http.request import Request

if TYPE_CHECKING:
    from servescope.server.apis.opened_console import OpenedConsole


class Console(Api):
    """`opened` is made by `open`, or by a request that comes before."""

    name = "console"
    address = "metrics"

    def __init__(
        self, beginning: Beginning, measuring: Measuring, models: Models, scaling: Scaling, tokens: Tokens
    ) -> None:
        settings = beginning.settings
        self.enabled = settings.enable_console and settings.enable_metrics_api and measuring.mode.records
        self._shown = (beginning, measuring, models, scaling, tokens)
        self._open = False

    @cached_property
    def opened(self) -> "OpenedConsole":
        """With all that it is made of."""
        from servescope.server.apis.opened_console import OpenedConsole

        return OpenedConsole(*self._shown)

    def handler(self, sharing: Sequence[str], description: bytes) -> Handler:  # noqa: ARG002
        """See `Api`."""
        return _Handler(self)

    async def open(self) -> None:
        """Begin to remember."""
        if self.enabled:
            self._open = True
            await self.opened.start()

    def part(self, words: str) -> None:
        """Tell every open page, which is closed with that."""
        if self._open:
            self.opened.part(words)

    async def close(self, hurry: asyncio.Event) -> None:  # noqa: ARG002
        """Remember no more."""
        if self._open:
            await self.opened.close()


class _Handler:
    """See `app.Handler`. What answers need not be there yet when the port is opened."""

    listener = "metrics"

    def __init__(self, console: Console) -> None:
        self._console = console

    def handle(self, exchange: Exchange) -> Coroutine[Any, Any, None] | None:
        """See `app.Handler`."""
        return self._console.opened.handler.handle(exchange)

    def refused(self, request: Request, code: int, ended: float) -> Refused | None:
        """See `app.Handler`."""
        return self._console.opened.handler.refused(request, code, ended)


class ConsoleHours(Part):
    """Stands behind the service: the console opens after models begin to load, and ends first: a server that waits for its last
    answers need not wait for open pages.
    """

    def __init__(self, console: Console) -> None:
        self._console = console

    async def start(self) -> None:
        """Open it."""
        await self._console.open()

    async def close(self, hurry: asyncio.Event) -> None:  # noqa: ARG002
        """Tell every open page."""
        self._console.part("The server is stopping")
