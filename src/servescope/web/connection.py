"""uvicorn's HTTP/1.1 protocol, extended where ASGI cannot say a thing.

- Handlers see headers in the client's own case: they are kept beside ASGI's lower-cased ones.
- A client's hang-up calls `on_lost` at once; under ASGI it shows only to whoever awaits `receive`.
- A whole answer goes out in one write (`answer`), already put together.
- An idle connection stays until its client closes it, as TorchServe's do, and costs no timer; TCP keep-alive ends dead ones.

An app finds its connection in the scope under `CONNECTION`, and the
client's own headers under `WIRE_HEADERS`.
"""

from collections.abc import Callable
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

CONNECTION = "servescope.connection"
WIRE_HEADERS = "servescope.headers"


class Connection(HttpToolsProtocol):
    """One client's connection."""

    wire_headers: list[tuple[bytes, bytes]]
    on_lost: Callable[[], None] | None = None
    _answering: Any  # with pipelining not the request that was read last
    _task: Any  # asyncio itself holds tasks weakly

    def on_message_begin(self) -> None:
        """See httptools. The scope is the one that uvicorn makes, with the connection added."""
        super().on_message_begin()
        self.wire_headers = []
        scope = cast("dict[str, Any]", self.scope)
        scope[CONNECTION] = self
        scope[WIRE_HEADERS] = self.wire_headers

    def on_header(self, name: bytes, value: bytes) -> None:
        """See httptools. (uvicorn's own, written out: it runs for every header of every request.)"""
        self.wire_headers.append((name, value))
        name = name.lower()
        if name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        self.headers.append((name, value))

    def on_response_complete(self) -> None:
        """The answer is out: start the next pipelined request, if there is one."""
        self.on_lost = None
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            cycle, app = self.pipeline.pop()
            self._start_asgi_task(cycle, app)

    def connection_lost(self, exc: Exception | None) -> None:
        """The client has gone, or we closed."""
        super().connection_lost(exc)
        if self.on_lost is not None:
            self.on_lost()
            self.on_lost = None

    def answer(self, head: bytes, body: bytes | memoryview, keep_alive: bool) -> None:
        """Send a whole answer to the request in hand. `head`: status line and headers, without the blank line."""
        cycle = self._answering
        if cycle.disconnected:
            return
        if not cycle.keep_alive:
            keep_alive = False
        ending = b"connection: keep-alive\r\n\r\n" if keep_alive else b"connection: close\r\n\r\n"
        if cycle.scope["method"] == "HEAD":
            body = b""
        cycle.response_started = cycle.response_complete = True
        if len(body) < 65536:
            self.transport.write(b"".join((head, ending, body)))
        else:
            self.transport.writelines((head + ending, body))
        cycle.message_event.set()
        if not keep_alive:
            self.transport.close()
        cycle.on_response()

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        # uvicorn also keeps its server's set of tasks, for a shutdown that is not used here.
        self._answering = cycle
        self._task = self.loop.create_task(cycle.run_asgi(app))

    def refuse_body(self) -> None:
        """413 for a body over the limit: empty, uncounted and without an id, as TorchServe's."""
        if not self._answering.disconnected:
            self._answering.response_started = self._answering.response_complete = True
            self.transport.write(
                b"HTTP/1.1 413 Request Entity Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            )
            self.transport.close()
