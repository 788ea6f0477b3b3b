"""One client's connection: HTTP/1.1 bytes in, requests to the port's app, answers out.

httptools (Node's llhttp) does the parsing; this adds what a server owes its clients around it: keep-alive, pipelining,
100-continue, limits, HEAD, chunked streams and their flow control. A request goes to the app when it is whole, as one call,
without a task of its own: a task, a future and their wake-ups for each request cost more than all that this server does for it
(docs/architecture.md has the measurements).

An idle connection stays until its client closes it, as TorchServe's do, and costs no timer; TCP keep-alive ends dead ones.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from typing import Protocol, cast

import httptools

from servescope.web.pipeline import Pipeline
from servescope.web.refusals import last_answer, too_large
from servescope.web.request import HUNG_UP, Request

logger = logging.getLogger("servescope.web")

HEADER_LIMIT = 256 * 1024
_DISCARD_LIMIT = 256 * 1024 * 1024  # of a body that is refused: so much is read, for the client to get to the answer
_JOIN_LIMIT = 64 * 1024

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class App(Protocol):
    """Takes requests. `body_limit`: the largest body, in bytes."""

    body_limit: int

    def begin(self, request: Request, connection: "Connection") -> None:
        """Take a whole request; answer it now or later, through the connection. Never raises."""

    def refused(self, request: Request | None, code: int) -> tuple[bytes, bytes] | None:
        """A request is answered here, with this status; None where it was no HTTP. Never raises.

        Header lines and body of its answer; None: the answer is the plain one.
        """


class Connection(asyncio.Protocol):
    """The protocol of one connection. `peers`: all connections of the port."""

    def __init__(self, app: App, peers: "set[Connection]") -> None:
        self._app = app
        self._peers = peers
        self._parser: httptools.HttpRequestParser | None = httptools.HttpRequestParser(self)
        self._unexpected = False
        self._in_head = False  # between the first of a URL and the end of the headers
        self._head: list[tuple[bytes, bytes]] = []
        self._reading = Request()
        self._size = 0
        self._head_bytes = 0  # of a request whose headers are not complete
        self._answering: Request | None = None
        self._waiting = Pipeline()
        self._after: bytes | None = None  # what is to be written after the answer in hand
        self._writable: asyncio.Event | None = None
        self._refused = False
        self.on_lost: Callable[[], None] | None = None
        self.lost = False
        self.client: tuple[str, int] | None = None
        self.transport: asyncio.Transport

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio."""
        self.transport = cast("asyncio.Transport", transport)
        peer = transport.get_extra_info("peername")
        self.client = (peer[0], peer[1]) if isinstance(peer, tuple) else None
        self._peers.add(self)

    def data_received(self, data: bytes) -> None:
        """See asyncio."""
        if self._refused:
            return
        self._head_bytes += len(data)  # httptools' calls below set it back as soon as the headers are complete
        assert self._parser is not None
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            # The request before it is whole and is answered in HTTP/1.1; so is what follows.
            self._parser = httptools.HttpRequestParser(self)
            if rest := data[upgrade.args[0] :]:
                self.data_received(rest)
        except httptools.HttpParserError as error:
            if not self._refused:
                logger.warning("A client sent what is no HTTP: %s", error)
                self._refuse(400)
        if self._unexpected:
            # The client asked before it sent a body, and was told not to: what comes next is another request.
            self._unexpected = False
            self._parser = httptools.HttpRequestParser(self)
        if self._head_bytes > HEADER_LIMIT and not self._refused:
            self._refuse(431)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # asyncio's signature
        """See asyncio."""
        self.lost = True
        self._peers.discard(self)
        self._drop_waiting()
        self._parser = None  # they hold each other
        if self._writable is not None:
            self._writable.set()
        if self.on_lost is not None:
            self.on_lost()
            self.on_lost = None

    def pause_writing(self) -> None:
        """See asyncio."""
        self._writable = asyncio.Event()

    def resume_writing(self) -> None:
        """See asyncio."""
        if self._writable is not None:
            self._writable.set()
            self._writable = None
            if self._waiting:
                self._next()

    # What httptools calls.

    def on_url(self, url: bytes) -> None:
        """See httptools. A long URL may come in pieces."""
        if not self._in_head:
            self._in_head = True
            self._reading = request = Request()
            self._head = request.headers
            self._size = 0
        self._reading.target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """See httptools."""
        self._head.append((name, value))

    def on_headers_complete(self) -> None:
        """See httptools."""
        self._head_bytes = 0
        self._head = []  # trailers are nobody's headers
        self._in_head = False
        request = self._reading
        assert self._parser is not None
        request.read_headers(self._parser.get_method(), self._parser.get_http_version())
        if request.expects_continue:
            if request.announced_length > self._app.body_limit:
                request.too_large = self._unexpected = True
                self.on_message_complete()
            elif self._answering is None:
                self.transport.write(_CONTINUE)
            else:
                self._after = _CONTINUE

    def on_body(self, body: bytes) -> None:
        """See httptools."""
        self._head_bytes = 0
        self._unexpected = False  # it did not wait for the answer: the parser has to swallow its body
        self._size += len(body)
        if self._size <= self._app.body_limit:
            self._reading.body.append(body)
        else:
            self._reading.body.clear()
            if self._size > self._app.body_limit + _DISCARD_LIMIT:
                self._refuse(413, self._reading)

    def on_message_complete(self) -> None:
        """See httptools."""
        self._head_bytes = 0
        request = self._reading
        if self._refused or request.complete:
            return
        assert self._parser is not None
        request.complete = True
        request.received = time.monotonic()
        request.size = self._size
        request.keep_alive = self._parser.should_keep_alive()
        if self._size > self._app.body_limit:
            request.too_large = True
        if not request.has_length:  # what TorchServe's handlers see of such a request
            request.headers.append((b"content-length", b"%d" % self._size))
        if self._answering is None and not self._waiting and self._writable is None:
            self._begin(request)
        else:
            self._waiting.put(request)
            if self._waiting.full:
                self.transport.pause_reading()

    # What the app calls.

    def send(self, head: Sequence[bytes], body: bytes | memoryview, *, close: bool) -> None:
        """Send a whole answer to the request in hand. `head`: status line and headers, without `connection` and the blank line."""
        request = self._answering
        if request is None or self.lost:
            return
        close = close or not request.keep_alive
        ending = b"connection: close\r\n\r\n" if close else b"connection: keep-alive\r\n\r\n"
        if request.method == "HEAD":
            body = b""
        if len(body) < _JOIN_LIMIT:
            self.transport.write(b"".join((*head, ending, body)))
        else:
            self.transport.writelines((*head, ending, body))
        if close or self._waiting or self._after is not None:
            self._finish(close=close)
        else:
            self._answering = self.on_lost = None

    def start_chunks(self, head: bytes, *, close: bool) -> None:
        """Begin an answer in chunks; `head` as in `send`."""
        request = self._answering
        if request is None or self.lost:
            return
        request.keep_alive = request.keep_alive and not close
        ending = b"connection: keep-alive\r\n\r\n" if request.keep_alive else b"connection: close\r\n\r\n"
        if request.version == "1.0":  # which knows no chunks: the end of the connection is the end of the answer
            request.keep_alive, ending = False, b"connection: close\r\n\r\n"
        else:
            ending = b"transfer-encoding: chunked\r\n" + ending
        self.transport.write(head + ending)

    async def send_chunk(self, body: bytes | memoryview) -> int:
        """Send a piece that is not empty, waiting first while the client is slow to take those before. How many bytes went."""
        if self._writable is not None:
            await self._writable.wait()
        request = self._answering
        if request is None or self.lost or request.method == "HEAD":
            return 0
        self.transport.write(_chunk(request, body))
        return len(body)

    def end_chunks(self) -> None:
        """The answer is whole."""
        request = self._answering
        if request is None or self.lost:
            return
        if request.version != "1.0" and request.method != "HEAD":
            self.transport.write(b"0\r\n\r\n")
        self._finish(close=not request.keep_alive)

    def break_off(self, words: bytes) -> None:
        """The answer in chunks will never be whole: say so in a last chunk, if there are words, and close without an end."""
        request = self._answering
        if words and request is not None and not self.lost and request.method != "HEAD":
            self.transport.write(_chunk(request, words))
        self.transport.close()

    def _begin(self, request: Request) -> None:
        self._answering = request
        if not request.too_large:
            self._app.begin(request, self)
        elif request.has_length and request.keep_alive:
            # The connection goes on, as its next request can be found.
            self.transport.write(too_large(self._app.refused(request, 413)))
            self._finish(close=False)
        else:
            self._refuse(413, request)

    def _finish(self, *, close: bool) -> None:
        self._answering = None
        self.on_lost = None
        if self._after is not None and not close:
            self.transport.write(self._after)
            close = self._refused
            self._after = None
        if close:
            self.transport.close()
        elif self._waiting:
            # Not at once: a client that pipelines thousands of requests would have them answered on one stack.
            asyncio.get_running_loop().call_soon(self._next)

    def _next(self) -> None:
        if self._writable is not None:
            return  # a client that reads no answers gets no more of them; `resume_writing` comes back here
        if self._waiting and self._answering is None and not self.lost:
            self._begin(self._waiting.take())
        if not self._waiting and not self.lost:
            self.transport.resume_reading()

    def _drop_waiting(self) -> None:
        """Whole requests that nobody will answer: they were asked all the same, and are counted."""
        while self._waiting:
            self._app.refused(self._waiting.take(), HUNG_UP)

    def _refuse(self, status: int, request: Request | None = None) -> None:
        """Answer without the app, and close: what follows cannot be told apart from this request."""
        self._refused = True
        answer = last_answer(status, self._app.refused(request, status))
        self._drop_waiting()
        if self._answering is not None and not self._answering.too_large:
            self._after = answer  # a pipelined request's: the answer before it is still on its way
        elif not self.transport.is_closing():
            self.transport.write(answer)
            self.transport.close()


def _chunk(request: Request, body: bytes | memoryview) -> bytes | memoryview:
    return body if request.version == "1.0" else b"".join((b"%x\r\n" % len(body), body, b"\r\n"))
