"""An answer in chunks as bytes. In: its request and its pieces. Out: what goes to the client. Called by `connection`.

To HTTP/1.0, which knows no chunks, pieces go as they are, and the end of the connection is the end of the answer.
"""

from servescope.web.http.connections.endings import CLOSES, STAYS
from servescope.web.http.request import Request


def opening(request: Request, head: bytes, *, close: bool) -> bytes:
    """Status line and headers. `head`: its first lines, without `connection` and the blank one. Decides on `request.keep_alive`."""
    chunked = request.version != "1.0"
    request.keep_alive = request.keep_alive and not close and chunked
    return b"".join(
        (head, b"transfer-encoding: chunked\r\n" if chunked else b"", STAYS if request.keep_alive else CLOSES)
    )


def chunk(request: Request, body: bytes | memoryview) -> bytes | memoryview:
    """A piece that is not empty."""
    return body if request.version == "1.0" else b"".join((b"%x\r\n" % len(body), body, b"\r\n"))


def closing(request: Request) -> bytes:
    """What says that the answer is whole."""
    return b"" if request.version == "1.0" or request.method == "HEAD" else b"0\r\n\r\n"
