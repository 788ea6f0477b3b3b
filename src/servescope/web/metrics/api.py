"""The metrics API: /metrics, rendered a slice at a time so that a scrape never holds up a request; /sd (`discovery`); and /runbook.

In: scrapes, as `app` hands them over. Out: the registry's families in the format and coding that the client asks for, whole
where they are few, else in chunks, each made when the client has taken those before.
"""

import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import aclosing
from typing import Any
from urllib.parse import parse_qsl

from servescope.config.address import Address
from servescope.errors import MethodNotAllowed, ResourceNotFound
from servescope.metrics.exposition.negotiation import TEXT, choose
from servescope.metrics.recording.recorder import Recorder
from servescope.metrics.registry import Registry
from servescope.metrics.runbook.page import page
from servescope.web.http.app import Refused
from servescope.web.http.exchange import Exchange
from servescope.web.http.face import JSON_TYPE
from servescope.web.http.request import Request
from servescope.web.metrics.compression import compressed, takes_gzip
from servescope.web.metrics.courtesy import Courtesy
from servescope.web.metrics.discovery import own_target, target_groups

# Bytes: what is smaller is answered whole, with its length, as TorchServe answers; what is larger goes out in such chunks.
WHOLE = 1024 * 1024
CHUNK = 128 * 1024
_VARY = (b"vary", b"accept, accept-encoding")


async def _nothing_before() -> None:
    """What there is to do before a scrape, unless somebody says otherwise."""


def route_of(segments: list[str]) -> str:
    """A path's template, for the metrics."""
    if segments[:1] in (["metrics"], ["sd"]) or segments == ["runbook"]:
        return f"/{segments[0]}"
    return "/" + "/".join(segments) if segments in ([], ["api-description"]) else "other"


class MetricsApi:
    """Handler of the metrics API. `shown`: False where the mode leaves /metrics empty, as TorchServe's log mode.

    `before_scrape` is awaited before each rendering, and must not raise. `address`: where it listens. `peers`: see `/sd`.
    """

    listener = "metrics"

    def __init__(
        self,
        registry: Registry,
        recorder: Recorder,
        description: bytes,
        *,
        shown: bool,
        address: Address,
        peers: Sequence[Address] = (),
        before_scrape: Callable[[], Awaitable[None]] = _nothing_before,
    ) -> None:
        self._registry = registry
        self._recorder = recorder
        self._description = description
        self._shown = shown
        self._address = address
        self._peers = peers
        self._before_scrape = before_scrape

    def handle(self, exchange: Exchange) -> Coroutine[Any, Any, None] | None:
        """See `app.Handler`. Any method will do, but for the runbook, which is only read."""
        request = exchange.request
        segments = request.path.rstrip("/").split("/")[1:]
        exchange.route = route_of(segments)
        if segments == ["api-description"] or (not segments and request.method == "OPTIONS"):
            exchange.answer(200, [JSON_TYPE], self._description)
        elif not segments:
            raise MethodNotAllowed
        elif segments == ["sd"]:
            own = own_target(request.header(b"host"), self._address)
            exchange.answer(200, [JSON_TYPE], target_groups(own, self._address, self._peers))
        elif segments == ["runbook"]:
            if request.method not in ("GET", "HEAD"):
                raise MethodNotAllowed
            exchange.answer(200, [(b"content-type", b"text/html; charset=utf-8")], page())
        elif segments[0] != "metrics":
            raise ResourceNotFound
        elif not self._shown:
            exchange.answer(200, [(b"content-type", TEXT.content_type.encode())], b"")
        else:
            return self._scrape(exchange)
        return None

    def refused(self, request: Request, code: int, ended: float) -> Refused | None:  # noqa: ARG002  # see `app.Handler`
        """See `app.Handler`."""
        route = route_of(request.path.rstrip("/").split("/")[1:])
        return None if route == "other" else Refused(route)

    async def _scrape(self, exchange: Exchange) -> None:
        try:
            await self._before_scrape()
            await self._answer(exchange)
        finally:
            self._recorder.scrape_finished(time.monotonic() - exchange.began)

    async def _answer(self, exchange: Exchange) -> None:
        """Render, and send it once it is clear whether it is one chunk or more.

        So the first chunk, which has the counters of answers, does not count this answer.
        """
        request = exchange.request
        chosen = choose(_joined(request, b"accept"))
        headers = [(b"content-type", chosen.content_type.encode()), _VARY]
        slices = chosen.render(self._registry, _names(request.query))
        if takes_gzip(_joined(request, b"accept-encoding")):
            headers.append((b"content-encoding", b"gzip"))
            slices = compressed(slices)
        async with aclosing(_chunks(slices, exchange)) as chunks:
            first, second = await anext(chunks, b""), await anext(chunks, None)
            if second is None:
                exchange.answer(200, headers, first)
            elif exchange.open:
                rest = _chained(first, second, chunks) if request.method != "HEAD" else _chained()
                await exchange.stream(200, headers, rest)


def _names(query: bytes) -> list[str]:
    """The samples' names that are wanted, all if there are none."""
    return [value for name, value in parse_qsl(query.decode("latin-1")) if name == "name[]"]


def _joined(request: Request, name: bytes) -> str:
    """The header of this name; several are one list."""
    return ",".join([value.decode("latin-1") for key, value in request.headers if key.lower() == name])


async def _chunks(slices: Iterator[bytes], exchange: Exchange) -> AsyncGenerator[bytes, None]:
    """The slices in chunks: the first of WHOLE bytes, the others of CHUNK. Requests have their turn after each slice.

    Ends early where the client has gone.
    """
    pending: list[bytes] = []
    size, enough = 0, WHOLE
    courtesy = Courtesy()
    for piece in slices:
        pending.append(piece)
        size += len(piece)
        await courtesy.give_way()
        if not exchange.open:
            return
        if size >= enough:
            yield b"".join(pending)
            pending, size, enough = [], 0, CHUNK
    if size:
        yield b"".join(pending)


async def _chained(*parts: bytes | AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """These pieces, and those of iterators among them."""
    for each in parts:
        if isinstance(each, bytes):
            yield each
        else:
            async for piece in each:
                yield piece
