"""HTTP/1.1 as it comes in: a connection's bytes → whole requests, in their order.

httptools (Node's llhttp) does the parsing, and is strict: what two servers could read in two ways is no HTTP. This adds the
limits. Fed by `connection`; nothing else goes in or out.
"""

from time import monotonic

import httptools

from servescope.web.http.request import Request, read_head
from servescope.wire.frames import INLINE_LIMIT
from servescope.wire.spooled.body import bytes_of

HEAD_LIMIT = 256 * 1024
HEADER_LIMIT = 1000  # headers of a request: each takes far more memory than the four bytes that make one
_DISCARD_LIMIT = 256 * 1024 * 1024  # of a body that is refused: so much is read, for the client to get to the answer
_MOST_PIECES = 1024
_SMALL_PIECE = 1024

_NONE = Request()


class RequestReader:
    """What was read of one connection, and is not whole yet. `body_limit`: the largest body, in bytes. `coming`: a request has
    begun to come and is not whole, or there was none yet. `problem`: why what came is no HTTP, "" while it is.

    What cannot be a request ends the reading: a last one comes out, whose `status` says why.
    """

    __slots__ = (
        "_body_limit",
        "_head_bytes",
        "_headers",
        "_parser",
        "_reading",
        "_size",
        "_target",
        "_whole",
        "coming",
        "problem",
    )

    def __init__(self, body_limit: int) -> None:
        self._body_limit = body_limit
        self._parser: httptools.HttpRequestParser | None = httptools.HttpRequestParser(self)
        self._target = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._head_bytes = 0  # that no headers' end and no body followed
        self._reading = _NONE
        self._size = 0  # of its body
        self._whole: list[Request] = []
        self.coming = True
        self.problem = ""

    def feed(self, data: bytes) -> list[Request]:
        """Read on. The requests that are whole now, among them with a `status` what the connection answers by itself."""
        parser = self._parser
        if parser is None:
            return []
        self._head_bytes += len(data)  # httptools' calls below set it back
        try:
            parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._read_on(memoryview(data)[upgrade.args[0] :])
        except httptools.HttpParserError as error:
            self._fail(error)
        whole = self._whole
        if whole:
            self._whole = []
        else:
            # `on_url` says so too, after another request in one piece, when there is more than a method.
            self.coming = self.coming or not data.isspace()  # empty lines between requests are nothing
            if self._head_bytes > HEAD_LIMIT or len(self._headers) > HEADER_LIMIT:
                self._refuse(431, Request())
                return self._whole
        return whole

    def close(self) -> None:
        """Read no more."""
        self._parser = None  # they hold each other
        self.coming = False

    @property
    def in_body(self) -> bool:
        """Whether it is a body that is coming."""
        return self._reading is not _NONE

    @property
    def came(self) -> int:
        """Bytes of the body, or of the header, that came of what is coming."""
        return self._size if self._reading is not _NONE else self._head_bytes

    def give_up(self) -> Request | None:
        """Read no more, as what is coming does not come: a last request, whose `status` is 408; None where nothing of it came."""
        request = None
        if self.in_body:
            request = self._reading
            request.size = self._size
            request.body.clear()
        elif self._head_bytes or self._target:
            request = Request()
        self._reading = _NONE
        self.close()
        if request is not None:
            request.status, request.keep_alive = 408, False
        return request

    # What httptools calls.

    def on_url(self, url: bytes) -> None:
        """See httptools. A long URL may come in pieces."""
        self._target += url
        self.coming = True

    def on_header(self, name: bytes, value: bytes) -> None:
        """See httptools."""
        self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        """See httptools."""
        parser = self._parser
        if parser is None:
            raise httptools.HttpParserError  # that the rest is not read in vain
        headers = self._headers
        self._reading = request = read_head(parser, self._target, headers)
        self._target = b""
        self._headers = []
        self._head_bytes = self._size = 0
        if len(headers) > HEADER_LIMIT:
            self._refuse(431, Request())
        elif request.expects_continue:
            self._invite(request)

    def on_body(self, body: bytes) -> None:
        """See httptools."""
        self._head_bytes = 0
        self._size = size = self._size + len(body)
        pieces = self._reading.body
        if size <= self._body_limit:
            pieces.append(body)
            if size > INLINE_LIMIT or len(pieces) > _MOST_PIECES:
                self._gather(whole=False)
        else:
            pieces.clear()
            if size > self._body_limit + _DISCARD_LIMIT:
                self._refuse(413, self._reading)

    def on_message_complete(self) -> None:
        """See httptools."""
        if self._parser is None:
            return
        if self._headers:
            self._headers = []  # trailers are nobody's headers
        request = self._reading
        request.received = monotonic()
        request.size = size = self._size
        if size > INLINE_LIMIT:
            self._gather(whole=True)
        if not request.has_length:  # what TorchServe's handlers see of such a request
            request.headers.append((b"content-length", b"%d" % size))
        if size > self._body_limit:
            request.status = 413
            request.keep_alive = request.keep_alive and request.has_length
        self._whole.append(request)
        self._reading = _NONE  # a client that goes on later does not keep it in memory until then
        self.coming = False
        if not request.keep_alive:
            self.close()

    def _gather(self, *, whole: bool) -> None:
        """There is much of the body, or it is in many pieces. `whole`: this is all of it."""
        pieces = self._reading.body
        if not whole and len(pieces) > _MOST_PIECES and self._size < _SMALL_PIECE * len(pieces):
            pieces[:] = [b"".join([bytes_of(piece) for piece in pieces])]

    def _invite(self, request: Request) -> None:
        """The client waits for a word before it sends the body: to go on, or that it is too much.

        What would follow a refusal is open, the body or another request, so nothing does. (TorchServe takes it for a request:
        whoever wrote the body would have written that as well.)
        """
        assert self._parser is not None
        if request.announced_length > self._body_limit:
            self._refuse(413, request)
        elif not self._parser.should_upgrade():  # or its head is read twice
            self._whole.append(Request(status=100, keep_alive=True))

    def _read_on(self, data: memoryview) -> None:
        """`data` follows the head of a request that asks for another protocol. It stays HTTP/1.1, with the body that it has.

        llhttp takes that body for the other protocol's; so it is told the head again, without what it was asked.
        """
        while not (asked := self._whole[-1]).status:  # it may have been refused
            self._whole.pop()
            self._parser = parser = httptools.HttpRequestParser(self)
            if asked.method == "CONNECT":
                self._refuse(400, Request())
                return
            try:
                parser.feed_data(_without_upgrade(asked))
                parser.feed_data(data)
                return
            except httptools.HttpParserUpgrade as upgrade:
                data = data[upgrade.args[0] :]
            except httptools.HttpParserError as error:
                self._fail(error)
                return

    def _fail(self, error: httptools.HttpParserError) -> None:
        if self._parser is not None:  # what follows a client's last request is nobody's
            self.problem = str(error)
            self._refuse(400, Request())

    def _refuse(self, status: int, request: Request) -> None:
        """The last that is read: what follows cannot be told apart from it."""
        if self._parser is not None:
            request.status, request.keep_alive = status, False
            self._whole.append(request)
            self._reading = Request()  # what the parser still calls for goes nowhere
            self.close()


def _without_upgrade(asked: Request) -> bytes:
    """A request's head, but for its wish for another protocol."""
    headers = asked.headers if asked.has_length else asked.headers[:-1]  # the last is ours
    first = f"{asked.method} {asked.target.decode('latin-1')} HTTP/{asked.version}\r\n".encode("latin-1")
    lines = [b"%b: %b\r\n" % pair for pair in headers if pair[0].lower() != b"upgrade"]
    return b"".join((first, *lines, b"\r\n"))
