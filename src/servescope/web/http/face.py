"""How a request's errors are written, and which of a handler's headers its client is not shown: TorchServe's way, or another API's.

Held by every `exchange`, and chosen by the handler that knows the path. An error of `servescope.errors` in, an answer out. Pure.
"""

from typing import Protocol

from servescope.errors import ServescopeError, ServiceUnavailable, UnsupportedEncoding, WorkerFailed
from servescope.web.http.pretty import pretty_json

Header = tuple[bytes, bytes]

JSON_TYPE = (b"content-type", b"application/json")

# The server's own: no handler sets them.
OWN_HEADERS = frozenset(
    ("content-length", "transfer-encoding", "connection", "x-request-id", "pragma", "cache-control", "expires")
)


class Face(Protocol):
    """What the clients of an API expect. `kept_back`: names of headers, in lower case, that handlers may not send."""

    kept_back: frozenset[str]

    def refusal(self, error: ServescopeError) -> tuple[int, list[Header], bytes]:
        """The answer that is an error: status, headers, body."""

    def last_words(self, error: ServescopeError) -> bytes:
        """What a stream of events says before it breaks off; b"" for nothing."""


class TorchServeFace:
    """Pretty JSON of code, type and message (contract, section A); a stream breaks off without a word."""

    kept_back = OWN_HEADERS

    def refusal(self, error: ServescopeError) -> tuple[int, list[Header], bytes]:
        """See `Face`."""
        status = status_of(error)
        return status, refusal_headers(error), error_body(status, error.type_name, error.message)

    def last_words(self, error: ServescopeError) -> bytes:  # noqa: ARG002  # see `Face`
        """See `Face`."""
        return b""


TORCHSERVE = TorchServeFace()


def status_of(error: ServescopeError) -> int:
    """The HTTP status of an error."""
    return error.code if isinstance(error, WorkerFailed) else error.status


def refusal_headers(error: ServescopeError) -> list[Header]:
    """Of an answer that is an error: its type, where waiting may help, how long, and which encodings would do."""
    if isinstance(error, ServiceUnavailable):
        return [JSON_TYPE, (b"retry-after", b"%d" % error.retry_after_s)]
    if isinstance(error, UnsupportedEncoding):
        return [JSON_TYPE, (b"accept-encoding", b"gzip, deflate")]
    return [JSON_TYPE]


def error_body(code: int, type_name: str, message: str) -> bytes:
    """TorchServe's error: pretty JSON of code, type and message, in this order."""
    return pretty_json({"code": code, "type": type_name, "message": message})
