"""The metrics API: /metrics, rendered a slice at a time so that a scrape never holds up a request.

A handler for `app`.
"""

import asyncio
import time
from collections.abc import Coroutine
from typing import Any
from urllib.parse import parse_qsl

from servescope.errors import MethodNotAllowed, ResourceNotFound
from servescope.metrics.exposition.text import CONTENT_TYPE, render
from servescope.metrics.recorder import Recorder
from servescope.metrics.registry import Registry
from servescope.web.exchange import JSON_TYPE, Exchange


class MetricsApi:
    """Handler of the metrics API. `shown`: False where the mode leaves /metrics empty, as TorchServe's log mode."""

    def __init__(self, registry: Registry, recorder: Recorder, description: bytes, *, shown: bool) -> None:
        self._registry = registry
        self._recorder = recorder
        self._description = description
        self._shown = shown

    def handle(self, exchange: Exchange) -> Coroutine[Any, Any, None] | None:
        """See `app.Handler`. Any method will do."""
        request = exchange.request
        segments = request.path.rstrip("/").split("/")[1:]
        if segments == ["api-description"] or (not segments and request.method == "OPTIONS"):
            exchange.answer(200, [JSON_TYPE], self._description)
        elif not segments:
            raise MethodNotAllowed
        elif segments[0] != "metrics":
            raise ResourceNotFound
        else:
            return self._answer(exchange)
        return None

    async def _answer(self, exchange: Exchange) -> None:
        exchange.answer(200, [(b"content-type", CONTENT_TYPE.encode())], await self._render(exchange.request.query))

    async def _render(self, query: bytes) -> bytes:
        if not self._shown:
            return b""
        began = time.monotonic()
        names = [value for name, value in parse_qsl(query.decode("latin-1")) if name == "name[]"]
        pieces = []
        for piece in render(self._registry, names):
            pieces.append(piece)
            await asyncio.sleep(0)  # let requests through between two slices
        self._recorder.scrape_finished(time.monotonic() - began)
        return b"".join(pieces)
