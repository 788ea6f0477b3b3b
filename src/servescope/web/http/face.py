"""How a request's errors are written, and which of a handler's headers its client is not shown: TorchServe's way, or another API's.

Held by every `exchange`, and chosen by the handler that knows the path. An error of `servescope.errors` in, an answer out. Pure.
"""

import json
from collections.abc import Sequence
from typing import Protocol

from servescope.errors import ServescopeError, ServiceUnavailable, UnsupportedEncoding, status_of
from servescope.web.http.pretty import pretty_json

Header = tuple[bytes, bytes]

JSON_TYPE = (b"content-type", b"application/json")

_MOST_HEADERS = 5

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
    """Pretty JSON of code, type and message (contract, section A); a stream breaks off without a word.

    `warnings`: what there is to say besides, such as names of parameters that mean nothing; a list that may grow until then.
    """

    kept_back = OWN_HEADERS

    def __init__(self, warnings: Sequence[str] = ()) -> None:
        self._warnings = warnings

    def refusal(self, error: ServescopeError) -> tuple[int, list[Header], bytes]:
        """See `Face`."""
        status = status_of(error)
        said = {"code": status, "type": error.type_name, "message": error.message} | warnings_part(self._warnings)
        return status, refusal_headers(error) + warning_headers(self._warnings), pretty_json(said)

    def last_words(self, error: ServescopeError) -> bytes:  # noqa: ARG002  # see `Face`
        """See `Face`."""
        return b""


TORCHSERVE = TorchServeFace()


def refusal_headers(error: ServescopeError) -> list[Header]:
    """Of an answer that is an error: its type, where waiting may help, how long, and which encodings would do."""
    if isinstance(error, ServiceUnavailable) and error.retry_after_s is not None:
        return [JSON_TYPE, (b"retry-after", b"%d" % error.retry_after_s)]
    if isinstance(error, UnsupportedEncoding):
        return [JSON_TYPE, (b"accept-encoding", b"gzip, deflate")]
    return [JSON_TYPE]


def warnings_part(warnings: Sequence[str]) -> dict[str, list[str]]:
    """What an answer that is an object has of them: nothing, where there are none."""
    return {"warnings": list(warnings)} if warnings else {}


def warning_headers(warnings: Sequence[str]) -> list[Header]:
    """The first of them for answers of any form, as the Kubernetes API sends it (RFC 7234, 5.5: 299 stays, whatever the cache).

    A proxy may refuse an answer whose headers are many.
    """
    return [(b"warning", b"299 - " + json.dumps(text).encode()) for text in warnings[:_MOST_HEADERS]]
