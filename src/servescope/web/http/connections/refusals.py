"""What a connection answers without an app: to go on, no HTTP, half a request, headers or a body that are too large.

In: a status, and what the app has to say of it. Out: the answer's bytes. Called by `connection`.
"""

import logging

from servescope.web.http.request import Request

logger = logging.getLogger("servescope.web")

_TOO_LARGE = b"HTTP/1.1 413 Request Entity Too Large\r\n"
_PLAIN = {
    400: b"HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: 30\r\n"
    b"connection: close\r\n\r\nInvalid HTTP request received.",
    408: b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
    413: _TOO_LARGE + b"content-length: 0\r\nconnection: close\r\n\r\n",
    431: b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
}

GO_ON = b"HTTP/1.1 100 Continue\r\n\r\n"


def log_malformed(client: tuple[str, int] | None, problem: str) -> None:
    """Who it was, and what is wrong with it, "" for nothing; of a proxy's client nothing is known, as there are no headers."""
    if not problem:
        return
    name = "A client on a Unix socket" if client is None else "Client {}:{}".format(*client)
    logger.warning("%s sent what is no HTTP: %s", name, problem)


def refusal(request: Request, told: tuple[bytes, bytes] | None) -> bytes:
    """The answer to a request that the connection answers by itself. `told`: header lines and body, where the app has words."""
    # A body that is too large is over where its length said so: then the connection goes on.
    return too_large(told) if request.keep_alive else last_answer(request.status, told)


def last_answer(status: int, told: tuple[bytes, bytes] | None) -> bytes:
    """The answer with this status (400, 408, 413 or 431) after which the connection closes. `told`: its header lines and body."""
    plain = _PLAIN[status]
    if told is None:
        return plain
    return b"%b\r\n%bconnection: close\r\n\r\n%b" % (plain.partition(b"\r\n")[0], *told)


def too_large(told: tuple[bytes, bytes] | None) -> bytes:
    """A 413 after which the connection goes on: empty, uncounted and without an id, as TorchServe's, unless the app has words."""
    lines, body = told or (b"content-length: 0\r\n", b"")
    return b"%b%b\r\n%b" % (_TOO_LARGE, lines, body)
