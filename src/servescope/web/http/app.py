"""The app of a port: takes each request to the port's APIs, and sees to it that there is exactly one answer.

`inference`, `management` and `metrics` are the APIs; `connection` calls. Where APIs share an address, they are asked in turn until
one knows the path.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from servescope.config.settings import Settings
from servescope.errors import RequestUnfinished, ResourceNotFound, ServescopeError, WorkerFailed, status_of
from servescope.metrics.recording.codes import HUNG_UP
from servescope.web.http.clients.patience import LEAST_BYTES
from servescope.web.http.connections.taker import Asker
from servescope.web.http.cors import is_preflight
from servescope.web.http.decompression import Slices, decode_body
from servescope.web.http.exchange import Exchange, Observers
from servescope.web.http.face import TORCHSERVE, Face
from servescope.web.http.request import Request
from servescope.web.http.request_id import given_or_new_id

logger = logging.getLogger("servescope.web")


class Refused(NamedTuple):
    """What an API says of a request of its own that it was not given: its path's template, how its errors are written, and which
    it is answered with, where the answer is not the plain one.
    """

    route: str
    face: Face = TORCHSERVE
    error: ServescopeError | None = None


class Handler(Protocol):
    """One API. `listener`: its name in the metrics."""

    listener: str

    def handle(self, exchange: Exchange) -> Coroutine[Any, Any, None] | None:
        """Answer through the exchange: now, later by a callback, or by the coroutine that is returned.

        Sets `exchange.route`, the template of a path that it knows. Raises ServescopeError for an error answer, and
        ResourceNotFound, at once, for another API's path.
        """

    def refused(self, request: Request, code: int, ended: float) -> Refused | None:
        """A request is over without being handled: too large (413), never whole (408), in an encoding that cannot be undone (400,
        415), or its client left before its turn (499).

        None: another API's path.
        """


Begin = Callable[[Request, Asker, str], Exchange]


class HttpApp:
    """One port's app. `probes`: what is answered before any API, by path; who asks needs no token. `begin`: takes a request in
    hand, if not `Observers.begin`. `spools`: large bodies that were compressed get memory of their own (`wire.spooled`).
    """

    def __init__(
        self,
        handlers: Sequence[Handler],
        settings: Settings,
        observers: Observers,
        probes: Mapping[str, Callable[[Exchange], None]] | None = None,
        begin: Begin | None = None,
        *,
        spools: bool = False,
    ) -> None:
        self.body_limit = settings.max_request_size
        self._probes = probes or {}
        *self._others, self._last = handlers
        self._settings = settings
        self._observers = observers
        self._begin = begin or observers.begin
        self._handle = self._ask_each if self._others else self._last.handle
        self._spools = spools
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, request: Request, connection: Asker) -> None:
        """See `taker.App`."""
        exchange = self._begin(request, connection, self._last.listener)
        try:
            if request.method == "OPTIONS" and is_preflight(self._settings, "OPTIONS", request.headers):
                exchange.answer(200, (), b"")
                return
            if request.path in self._probes:
                self._probes[request.path](exchange)
                return
            later = self._handle(exchange) if not request.content_encoding else self._decode(exchange)
            if exchange.open and connection.on_lost is None:  # a prediction has seen to it
                connection.on_lost = exchange.close
            if later is not None:
                task = asyncio.create_task(self._finish(exchange, later))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
        except ServescopeError as error:
            exchange.fail(error)
        except Exception:
            self._fail_unforeseen(exchange)

    def _ask_each(self, exchange: Exchange) -> Coroutine[Any, Any, None] | None:
        """One API after the other, until one knows the path."""
        for handler in self._others:
            exchange.listener = handler.listener
            try:
                return handler.handle(exchange)
            except ResourceNotFound:
                continue
        exchange.listener = self._last.listener
        return self._last.handle(exchange)

    def _decode(self, exchange: Exchange) -> Coroutine[Any, Any, None] | None:
        """Undo the body's compression, then handle the request: at once where the body is small."""
        if not self._settings.decompress_requests or not exchange.request.body:
            return self._handle(exchange)
        slices = decode_body(exchange.request, self.body_limit, spools=self._spools)
        try:
            next(slices)
        except StopIteration:
            return self._handle(exchange)
        except ServescopeError as error:
            self._refuse(exchange, error)
            return None
        return self._decode_rest(exchange, slices)

    async def _decode_rest(self, exchange: Exchange, slices: Slices) -> None:
        try:
            for _ in slices:
                await asyncio.sleep(0)
                if not exchange.open:
                    return  # its client has gone
        except ServescopeError as error:
            self._refuse(exchange, error)
            return
        later = self._handle(exchange)
        if later is not None:
            await later

    def _refuse(self, exchange: Exchange, error: ServescopeError) -> None:
        """Answer a request whose body cannot be read, as the API that it is for would."""
        exchange.listener, known = self._known(exchange.request, status_of(error))
        exchange.route, exchange.face = known.route, known.face
        exchange.fail(error)

    def _known(self, request: Request, code: int) -> tuple[str, Refused]:
        """Which API a request that is refused was for, and what it says of it."""
        for handler in (*self._others, self._last):
            said = handler.refused(request, code, time.monotonic())
            if said is not None:
                return handler.listener, said
        return self._last.listener, Refused("other")

    def fail(self, request: Request, connection: Asker, error: ServescopeError) -> None:
        """Answer a request that has come without its body, as the API that it is for would."""
        self._refuse(self._begin(request, connection, self._last.listener), error)

    def refuse(self, request: Request, connection: Asker) -> None:
        """See `taker.App`."""
        connection.refuse(self._refused(request if request.method else None, request.status))

    def left(self, request: Request) -> None:
        """See `taker.App`."""
        self._refused(request, HUNG_UP)

    def _refused(self, request: Request | None, code: int) -> tuple[bytes, bytes] | None:
        """Count it; header lines and body of its answer, None: the answer is the plain one."""
        listener, route, method = self._last.listener, "malformed", "other"
        answer = None
        if request is not None and request.path in self._probes:
            route, method = request.path.rstrip("/"), request.method
        elif request is not None:
            method = request.method
            listener, known = self._known(request, code)
            route = known.route
            error = self._unfinished() if code == RequestUnfinished.status else known.error
            if error is not None:
                answer = self._written(request, known.face, error)
        self._observers.recorder.port.http_request(listener, method, route, code)
        return answer

    def _unfinished(self) -> RequestUnfinished:
        seconds = self._settings.client_body_timeout
        return RequestUnfinished(
            f"The request's body did not come: less than {LEAST_BYTES} bytes in {seconds} s (client_body_timeout)"
        )

    def _written(self, request: Request, face: Face, error: ServescopeError) -> tuple[bytes, bytes]:
        """Header lines and body of a refusal."""
        _, headers, body = face.refusal(error)
        headers.append((b"content-length", b"%d" % len(body)))
        lines = b"".join([b"%b: %b\r\n" % pair for pair in headers])
        lines = b"x-request-id: %b%b%b" % (
            given_or_new_id(request.request_id).encode(),
            self._observers.lines_for(request),
            lines,
        )
        return lines, b"" if request.method == "HEAD" else body

    async def _finish(self, exchange: Exchange, later: Coroutine[Any, Any, None]) -> None:
        try:
            await later
        except ServescopeError as error:
            exchange.fail(error)
        except Exception:
            self._fail_unforeseen(exchange)

    def _fail_unforeseen(self, exchange: Exchange) -> None:
        logger.exception("Request %s failed", exchange.request_id)
        exchange.fail(WorkerFailed("Internal server error"))
