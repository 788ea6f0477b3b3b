"""One client's connection: what `reader` makes of its bytes goes to the port's app, one request at a time, and answers go out.

In: asyncio's calls, and the app's answers. Out: requests to the app, bytes to the transport. This is what a server owes its
clients around their requests: keep-alive, pipelining, chunked streams and their flow control. A request goes to the app as
one call: a task, a future and their wake-ups would cost more than all that is done for it (docs/architecture.md has measurements).

An idle connection stays until its client closes it, as TorchServe's do, and costs no timer; TCP keep-alive ends dead ones. One that
waits for its client, in the middle of a request or of an answer, says so to `clients`, which may give it up. A client that ends its
side has left, as with TorchServe (and nginx): TCP does not tell who still reads, and nobody should wait in a queue, nor have a
language model write, for those who went. What it was answered before still goes out.
"""

import asyncio
from collections.abc import Callable, Sequence
from time import monotonic
from typing import cast

from servescope.metrics.recording.codes import HUNG_UP
from servescope.web.http.clients.clients import Clients
from servescope.web.http.clients.phase import Phase
from servescope.web.http.connections.chunks import chunk, closing, opening
from servescope.web.http.connections.endings import CLOSES, STAYS
from servescope.web.http.connections.outgoing import LARGE, progress, write
from servescope.web.http.connections.pipeline import Pipeline
from servescope.web.http.connections.reader import RequestReader
from servescope.web.http.connections.refusals import GO_ON, log_malformed, refusal
from servescope.web.http.connections.taker import App
from servescope.web.http.request import Request


class Connection(asyncio.Protocol):
    """The protocol of one connection, and a `phase.Client`. `peers`: all connections of the port."""

    __slots__ = (
        "_answering", "_app", "_peers", "_reader", "_waiting", "_writable", "client", "on_lost", "rested", "transport",
    )  # fmt: skip
    lost_code = HUNG_UP

    def __init__(self, app: App, peers: Clients) -> None:
        self._app = app
        self._peers = peers
        self._reader = self._read_by(app)
        self._answering: Request | None = None
        self._waiting = Pipeline()
        self._writable: asyncio.Event | None = None
        self.on_lost: Callable[[], None] | None = None
        self.client: tuple[str, int] | None = None
        self.rested = monotonic()
        self.transport: asyncio.Transport

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio."""
        self.transport = cast("asyncio.Transport", transport)
        peer = transport.get_extra_info("peername")
        self.client = (peer[0], peer[1]) if isinstance(peer, tuple) else None
        self._peers.joined(self)

    def data_received(self, data: bytes) -> None:
        """See asyncio."""
        reader = self._reader
        requests = reader.feed(data)
        if reader.coming:
            self._peers.wait_for(self)
        if len(requests) == 1 and self._answering is None and not self._waiting and self._writable is None:
            self._begin(requests[0])
        elif requests:
            for request in requests:
                self._waiting.put(request)
            if self._waiting.full:
                self.transport.pause_reading()
            if self._answering is None:
                self._next()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # asyncio's signature
        """See asyncio."""
        self._peers.left(self)
        self._answering = None
        self._end()
        if self._writable is not None:
            self._writable.set()
        if self.on_lost is not None:
            self.on_lost()
            self.on_lost = None

    def pause_writing(self) -> None:
        """See asyncio."""
        self._writable = asyncio.Event()
        self._peers.wait_for(self)

    def resume_writing(self) -> None:
        """See asyncio."""
        if self._writable is not None:
            self._writable.set()
            self._writable = None
            if self._waiting:
                self._next()

    # What the app calls.

    @property
    def secure(self) -> bool:
        """See `taker.Asker`."""
        return self.transport.get_extra_info("sslcontext") is not None

    def send(self, head: Sequence[bytes], body: bytes | memoryview, *, close: bool) -> float:
        """See `taker.Asker`."""
        if self._answering is None:
            return monotonic()  # its client has gone
        ending = CLOSES if close else STAYS
        if len(body) < LARGE:
            self.transport.write(b"".join((*head, ending, body)))
        else:
            self.transport.write(b"".join((*head, ending)))
            write(self.transport, body)
        if close or self._waiting:
            self._finish(close=close)
        else:
            self._answering = self.on_lost = None
            self.rested = monotonic()
        return self.rested

    def start_chunks(self, head: bytes, *, close: bool) -> None:
        """See `taker.Asker`."""
        if (request := self._answering) is not None:
            self.transport.write(opening(request, head, close=close))

    async def send_chunk(self, body: bytes | memoryview) -> int:
        """See `taker.Asker`."""
        if self._writable is not None:
            await self._writable.wait()
        if (request := self._answering) is None:
            return 0
        write(self.transport, chunk(request, body))
        return len(body)

    def end_chunks(self) -> None:
        """See `taker.Asker`."""
        if (request := self._answering) is not None:
            self.transport.write(closing(request))
            self._finish(close=not request.keep_alive)

    def break_off(self, words: bytes) -> None:
        """See `taker.Asker`."""
        if words and (request := self._answering) is not None:
            self.transport.write(chunk(request, words))
        self._close()

    def refuse(self, told: tuple[bytes, bytes] | None) -> None:
        """See `taker.Asker`."""
        if (request := self._answering) is not None:
            self.transport.write(refusal(request, told))
            self._finish(close=not request.keep_alive)

    def abort(self) -> None:
        """See `taker.Asker`."""
        self.transport.abort()

    # What `clients` asks, and who is there to be told that it is over.

    @property
    def busy(self) -> bool:
        """See `phase.Client`."""
        return self._answering is not None

    @property
    def phase(self) -> Phase:
        """See `phase.Client`."""
        if self._writable is not None:
            return Phase.UNREAD
        if self._answering is not None or self._waiting:
            return Phase.ANSWERING
        if self.transport.is_closing():
            return Phase.UNREAD
        if self._reader.coming:
            return Phase.BODY if self._reader.in_body else Phase.HEADER
        return Phase.UNREAD if self.transport.get_write_buffer_size() else Phase.IDLE

    @property
    def progress(self) -> int:
        """See `phase.Client`."""
        return progress(self.transport) if self.phase is Phase.UNREAD else self._reader.came

    def close(self) -> None:
        """See `phase.Client`."""
        self.transport.close()

    def give_up(self, *, at_once: bool) -> None:
        """See `phase.Client`. Nothing is done while a request is in the server's hands."""
        phase = self.phase
        if phase is Phase.ANSWERING:
            return
        unfinished = None if phase is Phase.IDLE or phase is Phase.UNREAD else self._reader.give_up()
        if unfinished is not None:
            self._begin(unfinished)  # which ends with closing
        if unfinished is None or (at_once and self.secure):  # TLS closes when both agree
            self.transport.abort()

    def _read_by(self, app: App) -> RequestReader:
        """What makes requests of its bytes."""
        return RequestReader(app.body_limit)

    def _begin(self, request: Request) -> None:
        self._answering = request
        if request.status:
            self._answer(request)
        else:
            self._app.begin(request, self)

    def _answer(self, request: Request) -> None:
        """Answer without the app's handlers."""
        if request.status == 100:
            self.transport.write(GO_ON)
            self._finish(close=False)
        else:
            log_malformed(self.client, "" if request.method else self._reader.problem)
            self._app.refuse(request, self)

    def _finish(self, *, close: bool) -> None:
        self._answering = self.on_lost = None
        self.rested = monotonic()
        if close:
            self._close()
        elif self._waiting:
            # Not at once: a client that pipelines thousands of requests would have them answered on one stack.
            asyncio.get_running_loop().call_soon(self._next)

    def _next(self) -> None:
        if self._writable is not None:
            return  # a client that reads no answers gets no more of them; `resume_writing` comes back here
        if self._waiting and self._answering is None:
            self._begin(self._waiting.take())
        if not self._waiting and not self.transport.is_closing():
            self.transport.resume_reading()

    def _close(self) -> None:
        """Nothing more is read or written; what was written goes out, in the time that its client has."""
        self._end()
        self.transport.close()
        self._peers.wait_for(self)

    def _end(self) -> None:
        """Nothing more is read. Whole requests that nobody will answer were asked all the same, and are counted."""
        self._reader.close()
        while self._waiting:
            if (request := self._waiting.take()).method:
                self._app.left(request)
