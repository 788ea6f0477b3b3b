"""One HTTP request as it came in. Filled by `connection`, read by the handlers of the three APIs."""

from urllib.parse import parse_qsl, unquote

import httptools


class Request:
    """A request. `headers` and `target` are the wire's, names in the client's own case; `body` lies in the pieces it came in.

    `path` is decoded; `query` is not. `content_type`: the whole header, b"" where there is none. `content_length`: as announced,
    0 where it was not.
    """

    __slots__ = (
        "body",
        "content_length",
        "content_type",
        "expects_continue",
        "headers",
        "keep_alive",
        "method",
        "path",
        "query",
        "request_id",
        "target",
        "too_large",
        "version",
    )

    def __init__(self) -> None:
        self.target = b""
        self.headers: list[tuple[bytes, bytes]] = []
        self.body: list[bytes] = []
        self.method = ""
        self.version = "1.1"
        self.path = ""
        self.query = b""
        self.content_type = b""
        self.content_length = 0
        self.request_id = b""
        self.expects_continue = False
        self.too_large = False
        self.keep_alive = True

    def read_headers(self, method: bytes, version: str) -> None:
        """Take in what the request line and the headers say, once they are complete."""
        self.method = method.decode("ascii")
        self.version = version
        self._read_target()
        for name, value in self.headers:
            name = name.lower()
            if name == b"content-type":
                self.content_type = value
            elif name == b"content-length":
                self.content_length = int(value)
            elif name == b"x-request-id":
                self.request_id = value
            elif name == b"expect" and value.lower() == b"100-continue":
                self.expects_continue = True

    def _read_target(self) -> None:
        target = self.target
        if not target.startswith(b"/"):  # a proxy's absolute form, or `*`
            parsed = httptools.parse_url(target) if target != b"*" else None
            raw, self.query = (parsed.path or b"/", parsed.query or b"") if parsed is not None else (b"*", b"")
        else:
            raw, _, self.query = target.partition(b"?")
            self.query = self.query.partition(b"#")[0] if b"#" in self.query else self.query
        path = raw.decode("latin-1")
        self.path = unquote(path) if "%" in path else path

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
