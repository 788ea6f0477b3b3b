"""One request and its answer, on any of the three ports: the request's id, the contract's headers, the counters, the access log.

Every app makes one for each request, answers through it exactly once, and leaves the bookkeeping to it.
"""

import asyncio
import http
import re
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from msgspec import Struct

from servescope.config.values.proxies import Proxies
from servescope.errors import ServescopeError, WorkerFailed
from servescope.logs.access import AccessLog
from servescope.metrics.recording.recorder import Recorder
from servescope.web.http.connections.taker import Asker
from servescope.web.http.cors import NO_CORS, Cors
from servescope.web.http.face import OWN_HEADERS, TORCHSERVE, Face
from servescope.web.http.forwarded import Sender, sender_of
from servescope.web.http.pretty import pretty_json
from servescope.web.http.request import Request
from servescope.web.http.request_id import given_or_new_id

Headers = Iterable[tuple[bytes, bytes]]

NO_PROXIES = Proxies()
NO_BODY = frozenset((204, 205, 304))
NO_LENGTH = frozenset((204, 304))

_CACHING = (
    b"pragma: no-cache\r\ncache-control: no-cache; no-store, must-revalidate, private\r\n"
    b"expires: Thu, 01 Jan 1970 00:00:00 UTC\r\n"
)
_LENGTHS = [b"content-length: %d\r\n" % size for size in range(1024)]
_NAME = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+\Z")
_VALUE = re.compile(rb"[\t\x20-\x7e\x80-\xff]*\Z")


_PHRASES = {status.value: status.phrase for status in http.HTTPStatus}
STATUS_LINES = [f"HTTP/1.1 {status} {_PHRASES.get(status, '')}\r\nx-request-id: ".encode() for status in range(1000)]


def json_body(value: Any) -> bytes:
    """Pretty JSON as TorchServe prints it."""
    return pretty_json(value)


def encode_headers(headers: Mapping[str, str], kept_back: frozenset[str] = OWN_HEADERS) -> list[tuple[bytes, bytes]]:
    """A handler's headers for the wire, without those that are the server's own, or otherwise `kept_back`.

    Raises:
        WorkerFailed: a name or value that HTTP cannot carry, which would let a handler write headers of another kind.
    """
    encoded = []
    for name, value in headers.items():
        if str(name).lower() in kept_back:
            continue
        pair = str(name).encode("latin-1", "replace"), str(value).encode("latin-1", "replace")
        if not _NAME.match(pair[0]) or not _VALUE.match(pair[1]):
            raise WorkerFailed(f"Invalid response header {name!r}: {value!r}")
        encoded.append(pair)
    return encoded


def _common(cors: Headers) -> bytes:
    return b"\r\n" + _CACHING + b"".join([b"%b: %b\r\n" % pair for pair in cors])


@dataclass
class Observers:
    """Who hears of every exchange. `cors`: headers added to answers. `open`: requests without an answer yet.

    `proxies`: whose word is taken on who the client is. `unlogged`: paths, or with * at the end beginnings, without access lines.
    `common_lines`: header lines of every answer, or, where `by_origin` is not empty, of those to origins that are not in it.
    """

    recorder: Recorder
    access_log: AccessLog
    cors: Cors = NO_CORS
    proxies: Proxies = NO_PROXIES
    unlogged: tuple[str, ...] = ()
    open: int = 0
    rest: asyncio.Event | None = None

    def __post_init__(self) -> None:
        self.common_lines = _common(self.cors.headers)
        self.behind_proxies = bool(self.proxies)
        self._unlogged = frozenset(self.unlogged)
        self._unlogged_beginnings = tuple(path[:-1] for path in self.unlogged if path.endswith("*"))
        self.by_origin = {origin: _common(pairs) for origin, pairs in self.cors.by_origin.items()}

    def lines_for(self, request: Request) -> bytes:
        """The header lines that an answer to this request has whatever it says."""
        if not self.by_origin:
            return self.common_lines
        origin = request.header(b"origin")
        return self.common_lines if origin is None else self.by_origin.get(origin.encode("latin-1"), self.common_lines)

    def begin(self, request: Request, connection: Asker, listener: str) -> "Exchange":
        """Take a request in hand. `listener`: the API that it is for."""
        self.open += 1
        return Exchange(request, connection, self, given_or_new_id(request.request_id), request.received, listener)

    def sender(self, exchange: "Exchange") -> Sender:
        """Who the request is from, as far as it is known."""
        return sender_of(exchange.connection.client, exchange.request.headers, self.proxies)

    def leaves_no_line(self, path: str) -> bool:
        """Whether requests for this path have no access lines."""
        return (path.rstrip("/") or "/") in self._unlogged or path.startswith(self._unlogged_beginnings)

    async def wait_for_rest(self) -> None:
        """Wait until no request is without its answer."""
        self.rest = asyncio.Event()
        if self.open:
            await self.rest.wait()


class Watcher(Protocol):
    """Who counts what became of a request, on its port too."""

    def failing(self, error: ServescopeError) -> None:
        """It is answered with this error, or broken off for it; `finished` follows."""

    def finished(self, code: int, size: int, ended: float) -> None:
        """It is over; called once. `code`: the answer's status, or the connection's `lost_code` where it was lost before its end.

        `size`: bytes of the answer's body. `ended`: when its last byte was handed to the transport, monotonic seconds.
        """


class Exchange(Struct, eq=False):
    """A request in hand. `began`: when it had come in whole, monotonic seconds. `started`: whether its answer is on its way.

    `streaming`: in pieces; `events`: which are server-sent events; `first_piece`: when the first of them was sent. `open`: neither
    answered yet nor given up. `route`: the path's template, for the metrics. `face`: how errors are written. Made by `begin`.
    """

    request: Request
    connection: Asker
    observers: Observers
    request_id: str
    began: float
    listener: str
    route: str = "other"
    started: bool = False
    streaming: bool = False
    events: bool = False
    face: Face = TORCHSERVE
    open: bool = True
    sent: int = 0
    first_piece: float | None = None
    watcher: Watcher | None = None

    def answer(self, status: int, headers: Headers, body: bytes | memoryview) -> None:
        """Send a whole answer; 4xx and 5xx close the connection, as TorchServe does."""
        if not self.open:
            return  # its client has gone
        lines = b"".join([b"%b: %b\r\n" % pair for pair in headers]) if headers else b""
        if status in NO_BODY:
            body = b""
        size = len(body)
        if size or status not in NO_LENGTH:
            lines += _LENGTHS[size] if size < 1024 else b"content-length: %d\r\n" % size
        request, observers = self.request, self.observers
        if request.method == "HEAD":
            body, size = b"", 0
        self.started = True
        common = observers.lines_for(request) if observers.by_origin else observers.common_lines
        if self.watcher is None:
            observers.recorder.port.response_sent(status)
        head = (STATUS_LINES[status], self.request_id.encode("ascii"), common, lines)
        ended = self.connection.send(head, body, close=status >= 400 or not request.keep_alive)
        self.sent = size
        self._finish(status, ended, logged=True)

    def fail(self, error: ServescopeError) -> None:
        """Answer with an error of the contract; break off an answer that has begun."""
        if self.watcher is not None:
            self.watcher.failing(error)
        status, headers, body = self.face.refusal(error)
        if self.started:
            says = self.events and self.open and self.request.method != "HEAD"
            self.connection.break_off(self.face.last_words(error) if says else b"")
            self._finish(status, time.monotonic(), logged=False)
            return
        self.answer(status, headers, body)

    async def stream(self, status: int, headers: Headers, pieces: AsyncIterator[bytes | memoryview]) -> None:
        """Send an answer in pieces, each as soon as it is there. What `pieces` raises breaks the answer off."""
        lines = b"".join([b"%b: %b\r\n" % pair for pair in headers])
        self.started = self.streaming = True
        self.events = b"content-type: text/event-stream" in lines.lower()
        self.observers.recorder.port.response_sent(status)
        common = self.observers.lines_for(self.request)
        head = b"".join((STATUS_LINES[status], self.request_id.encode("ascii"), common, lines))
        self.connection.start_chunks(head, close=status >= 400)
        bodiless = self.request.method == "HEAD"
        async for piece in pieces:
            if piece:
                if not bodiless:
                    self.sent += await self.connection.send_chunk(piece)
                if self.first_piece is None and self.open:
                    self.first_piece = time.monotonic()
        if self.open:
            self.connection.end_chunks()
            self._finish(status, time.monotonic(), logged=True)

    def close(self) -> None:
        """Its client has gone, before the answer's end. Does nothing once it is over."""
        self._finish(self.connection.lost_code, time.monotonic(), logged=False)

    def _finish(self, code: int, ended: float, *, logged: bool) -> None:
        """It is over: answered, broken off, or its client has gone."""
        if self.open:
            self.open = False
            self._close_books(code, ended, logged=logged)

    def _close_books(self, code: int, ended: float, *, logged: bool) -> None:
        """Counted once, here and nowhere else."""
        request, observers = self.request, self.observers
        if logged and not (observers.unlogged and observers.leaves_no_line(request.path)):
            took_ms = int((ended - self.began) * 1000)
            client = observers.sender(self).client if observers.behind_proxies else self.connection.client
            line = (client, request.method, request.target, request.version, code)
            observers.access_log.write(line, took_ms, self.request_id, alone=observers.open == 1)
        if self.watcher is None:
            observers.recorder.port.http_request(self.listener, request.method, self.route, code)
        else:
            watcher, self.watcher = self.watcher, None  # they hold each other
            watcher.finished(code, self.sent, ended)
        observers.open -= 1
        if observers.rest is not None and not observers.open:
            observers.rest.set()
