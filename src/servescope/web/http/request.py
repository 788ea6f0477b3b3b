"""One HTTP request as it came in. Filled by `reader`, answered through `connection`, read by the handlers of the three APIs."""

from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote

import httptools
from msgspec import Struct

from servescope.wire.spooled.body import Spooled, bytes_of

if TYPE_CHECKING:
    BodyPiece = bytes | Spooled
else:
    BodyPiece = bytes  # which is what a message can have: the other goes its own way

_METHODS = {name.encode(): name for name in ("GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD", "PATCH")}
_SHORT = 256  # bytes of a target that is kept for the next request of its kind: the client chooses what stays in memory


def split_target(target: bytes) -> tuple[str, bytes]:
    """A request line's target → the decoded path, and the query as it is.

    Raises:
        httptools.HttpParserInvalidURLError: it is neither a path, nor `*`, nor an absolute URL.
    """
    if target.startswith(b"/"):
        raw, _, query = target.partition(b"#")[0].partition(b"?")
    elif target == b"*":
        raw, query = target, b""
    else:  # a proxy's absolute form
        parsed = httptools.parse_url(target)
        raw, query = parsed.path or b"/", parsed.query or b""
    path = raw.decode("latin-1")
    return unquote(path) if "%" in path else path, query


_split_again = lru_cache(maxsize=4096)(split_target)


class Request(Struct, eq=False, array_like=True):
    """A request. `headers` and `target` are the wire's, names in the client's own case; `body` lies in pieces as it came in; one
    that is large and came by a front end is one piece, `Spooled`.

    `size`: bytes of the body, also of one that was too large to be kept. `path` is decoded; `query` is not. `content_type` and
    `request_id`: whole headers, b"" where there are none; `content_encoding`: all headers of that name, between commas.
    `received`: when its last byte was read, monotonic seconds. `status`: with which the connection answers by itself (100,
    400, 408, 413 or 431), 0 where the app does. `method` is "" where the head could not be read.
    """

    target: bytes = b""
    headers: list[tuple[bytes, bytes]] = []  # msgspec gives each request a list of its own
    method: str = ""
    version: str = "1.1"
    keep_alive: bool = False
    path: str = ""
    query: bytes = b""
    content_type: bytes = b""
    content_encoding: bytes = b""
    request_id: bytes = b""
    has_length: bool = False
    expects_continue: bool = False
    body: list[BodyPiece] = []
    size: int = 0
    received: float = 0.0
    status: int = 0

    @property
    def announced_length(self) -> int:
        """The Content-Length, 0 where there is none."""
        return int(self.header(b"content-length") or 0)

    @property
    def whole_body(self) -> bytes:
        """Its pieces in one."""
        return b"".join([bytes_of(piece) for piece in self.body])

    def header(self, name: bytes) -> str | None:
        """The last header of this name, given in lower case."""
        found = None
        for key, value in self.headers:
            if key.lower() == name:
                found = value.decode("latin-1").rstrip()
        return found

    def parameters(self) -> dict[str, str]:
        """The query's parameters; of a repeated one the first counts, as in TorchServe (util/NettyUtils.getParameter)."""
        found: dict[str, str] = {}
        for name, value in self.query_pairs():
            found.setdefault(name, value)
        return found

    def query_pairs(self) -> list[tuple[str, str]]:
        """The query's parameters as they come."""
        return parse_qsl(self.query.decode("latin-1"), keep_blank_values=True)


def read_head(parser: httptools.HttpRequestParser, target: bytes, headers: list[tuple[bytes, bytes]]) -> Request:
    """The request that a complete head begins. `parser` has just read it, and knows the method and the version.

    Raises:
        httptools.HttpParserInvalidURLError: see `split_target`.
    """
    content_type = content_encoding = request_id = b""
    has_length = expects_continue = says_connection = False
    for name, value in headers:
        length = len(name)
        if length == 12:
            key = name.lower()
            if key == b"content-type":
                content_type = value
            elif key == b"x-request-id":
                request_id = value
        elif length == 14:
            has_length = has_length or name.lower() == b"content-length"
        elif length == 10:
            says_connection = says_connection or name.lower() == b"connection"
        elif length == 6 and name.lower() == b"expect":
            expects_continue = value.strip().lower() == b"100-continue"
        elif length == 16 and name.lower() == b"content-encoding":
            content_encoding = b"%b,%b" % (content_encoding, value) if content_encoding else value
    method = parser.get_method()
    keep_alive = parser.should_keep_alive()
    # Unasked, only HTTP/1.1 keeps a connection: to have the version written out takes longer than all of the above.
    version = "1.1" if keep_alive and not says_connection else parser.get_http_version()
    path, query = _split_again(target) if len(target) <= _SHORT else split_target(target)
    return Request(
        target,
        headers,
        _METHODS.get(method) or method.decode("ascii"),
        version,
        keep_alive,
        path,
        query,
        content_type,
        content_encoding,
        request_id,
        has_length,
        expects_continue and version != "1.0",  # which knows no 100
    )
