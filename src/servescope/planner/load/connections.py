"""HTTP/1.1 connections of a load's own: in, the bytes of requests; out, statuses and when the answers came. Called by `driver`.

A connection is an `asyncio.Protocol` over httptools, without a task, a future or a timer a request, so that the client takes a
small part of the time that the server takes. One that is free is used again, the last first; where none is, another is opened.
"""

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

import httptools

from servescope.errors import ConfigurationError

NO_ANSWER = 0
# status, when its first and its last byte of a body came (by the loop's clock), how many pieces there were, how an error's began
Done = Callable[[int, float, float, int, bytes], None]
_BAD = 400
_SAID = 2000
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Target:
    """Where requests go. `host`: as the Host header has it; `unix`: a socket's path instead of an address; `prefix`: what stands
    before every path there, as behind a proxy.
    """

    host: str
    address: tuple[str, int] | None
    unix: str | None = None
    trust: ssl.SSLContext | None = None
    prefix: str = ""


def target_of(url: str, trust: ssl.SSLContext | None = None) -> Target:
    """Raises ConfigurationError for what is no http://host:port, https://… or unix:/path."""
    if url.startswith("unix:"):
        return Target("localhost", None, url.removeprefix("unix:"))
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ConfigurationError(f"inference address {url!r} begins with none of http://, https:// and unix:")
    secure = parts.scheme == "https"
    port = parts.port or _PORTS[parts.scheme]
    context = (trust or ssl.create_default_context()) if secure else None
    return Target(parts.netloc, (parts.hostname, port), None, context, quote(parts.path.rstrip("/"), safe="/%"))


class Pool:
    """The connections of one load. `most`: as many may be open at once."""

    def __init__(self, target: Target, most: int) -> None:
        self._target = target
        self._most = most
        self._free: list[_Connection] = []
        self._all: set[_Connection] = set()
        self._opening: set[asyncio.Task[None]] = set()

    def send(self, request: bytes, done: Done) -> bool:
        """Send on a free connection, or open one; False where as many as may be are open."""
        while self._free:
            connection = self._free.pop()
            if connection.usable:
                connection.ask(request, done)
                return True
        if len(self._all) + len(self._opening) >= self._most:
            return False
        task = asyncio.get_running_loop().create_task(self._open(request, done))
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)
        return True

    def close(self) -> None:
        """Hang up; what is not answered is told that there is no answer."""
        for task in self._opening:
            task.cancel()
        for connection in list(self._all):
            connection.hang_up()

    async def _open(self, request: bytes, done: Done) -> None:
        loop, target = asyncio.get_running_loop(), self._target
        try:
            if target.unix is not None:
                _, connection = await loop.create_unix_connection(
                    lambda: _Connection(self._freed, self._gone), target.unix
                )
            else:
                host, port = target.address or ("", 0)
                _, connection = await loop.create_connection(
                    lambda: _Connection(self._freed, self._gone), host, port, ssl=target.trust
                )
        except OSError:
            done(NO_ANSWER, loop.time(), loop.time(), 0, b"")
            return
        self._all.add(connection)
        connection.ask(request, done)

    def _freed(self, connection: "_Connection") -> None:
        self._free.append(connection)

    def _gone(self, connection: "_Connection") -> None:
        self._all.discard(connection)


def tokens_in(body: bytes) -> int:
    """Of a stream's piece, which may have several events: OpenAI's last one has no token."""
    events = body.count(b"\n\ndata: ") + body.startswith(b"data: ")
    return max(0, max(1, events) - body.count(b"data: [DONE]"))


class _Connection(asyncio.Protocol):
    """One connection, with one request in it at a time. The `on_…` methods are httptools' callbacks."""

    def __init__(self, freed: Callable[["_Connection"], None], gone: Callable[["_Connection"], None]) -> None:
        self._freed = freed
        self._gone = gone
        self._transport: asyncio.Transport | None = None
        self._done: Done | None = None
        self._clock = asyncio.get_running_loop().time
        self._renew()

    @property
    def usable(self) -> bool:
        """Whether a request can be sent on it."""
        return self._transport is not None and not self._transport.is_closing()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is open."""
        self._transport = transport  # type: ignore[assignment] # of a stream it is a Transport

    def connection_lost(self, _: Exception | None) -> None:
        """It is gone, and what was asked on it is not answered."""
        self._transport = None
        self._gone(self)
        self._finish(NO_ANSWER)

    def ask(self, request: bytes, done: Done) -> None:
        """Send; `done` is called once."""
        self._done, self._pieces, self._first, self._said = done, 0, 0.0, b""
        if self._transport is None:
            self._finish(NO_ANSWER)
        else:
            self._transport.write(request)

    def hang_up(self) -> None:
        """Close at once."""
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Some of an answer."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self.hang_up()

    def on_body(self, body: bytes) -> None:
        """A piece of it: of a stream, as it was sent."""
        if not self._first:
            self._first = self._clock()
            if self._parser.get_status_code() >= _BAD:
                self._said = body[:_SAID]
        self._pieces += tokens_in(body)

    def on_message_complete(self) -> None:
        """The answer is whole."""
        status, reusable = self._parser.get_status_code(), self._parser.should_keep_alive()
        self._finish(status)
        self._renew()
        if reusable and self._transport is not None:
            self._freed(self)
        else:
            self.hang_up()

    def _finish(self, status: int) -> None:
        done, self._done = self._done, None
        if done is not None:
            now = self._clock()
            done(status, self._first or now, now, self._pieces, self._said)

    def _renew(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._pieces, self._first, self._said = 0, 0.0, b""
