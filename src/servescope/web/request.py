"""One HTTP request as it came in. Filled by `connection`, read by the handlers of the three APIs."""

from functools import lru_cache
from urllib.parse import parse_qsl, unquote

import httptools
from msgspec import Struct

HUNG_UP = 499  # the status that is counted where no answer could be given
_METHODS = {name.encode(): name for name in ("GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD", "PATCH")}


@lru_cache(maxsize=4096)
def split_target(target: bytes) -> tuple[str, bytes]:
    """A request line's target → the decoded path, and the query as it is."""
    if target.startswith(b"/"):
        raw, _, query = target.partition(b"#")[0].partition(b"?")
    elif target == b"*":
        raw, query = target, b""
    else:  # a proxy's absolute form
        parsed = httptools.parse_url(target)
        raw, query = parsed.path or b"/", parsed.query or b""
    path = raw.decode("latin-1")
    return unquote(path) if "%" in path else path, query


class Request(Struct, eq=False):
    """A request. `headers` and `target` are the wire's, names in the client's own case; `body` lies in pieces as it came in.

    `size`: bytes of the body, also of one that was too large to be kept. `path` is decoded; `query` is not. `content_type` and
    `request_id`: whole headers, b"" where there are none. `received`: when its last byte was read, monotonic seconds.
    """

    target: bytes = b""
    headers: list[tuple[bytes, bytes]] = []  # msgspec gives each request a list of its own
    body: list[bytes] = []
    size: int = 0
    received: float = 0.0
    method: str = ""
    version: str = "1.1"
    path: str = ""
    query: bytes = b""
    content_type: bytes = b""
    request_id: bytes = b""
    expects_continue: bool = False
    has_length: bool = False
    too_large: bool = False
    complete: bool = False
    keep_alive: bool = True

    def read_headers(self, method: bytes, version: str) -> None:
        """Take in what the request line and the headers say, once they are complete."""
        self.method = _METHODS.get(method) or method.decode("ascii")
        self.version = version
        self.path, self.query = split_target(self.target)
        for name, value in self.headers:
            length = len(name)
            if length == 12:
                key = name.lower()
                if key == b"content-type":
                    self.content_type = value
                elif key == b"x-request-id":
                    self.request_id = value
            elif length == 14:
                self.has_length = self.has_length or name.lower() == b"content-length"
            elif length == 6 and name.lower() == b"expect":
                self.expects_continue = value.lower() == b"100-continue"

    @property
    def announced_length(self) -> int:
        """The Content-Length, 0 where there is none."""
        return int(self.header(b"content-length") or 0)

    def header(self, name: bytes) -> str | None:
        """The last header of this name, given in lower case."""
        found = None
        for key, value in self.headers:
            if key.lower() == name:
                found = value.decode("latin-1")
        return found

    def parameters(self) -> dict[str, str]:
        """The query's parameters; of a repeated one the last counts."""
        return dict(parse_qsl(self.query.decode("latin-1"), keep_blank_values=True))
