"""What every answer of the console carries: in, an answer's own headers; out, these with the ones that keep a page safe.

Errors look as the management API's do. Used by `api` and `live`.
"""

import re
from base64 import b64encode
from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from typing import Any

import msgspec

from servescope.errors import ServescopeError
from servescope.web.http.exchange import Exchange
from servescope.web.http.face import JSON_TYPE, Header, TorchServeFace

# Nothing inline, nothing from elsewhere, in no frame. Pictures as data: uPlot draws none, but an icon may be.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self';"
    " worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
SAFE: tuple[Header, ...] = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
_STYLE = re.compile(rb"<style>(.*?)</style>", re.DOTALL)


@cache
def safe_for(page: bytes) -> tuple[Header, ...]:
    """The same for a page that has a style of its own in it: that one is known by its hash."""
    (style,) = _STYLE.findall(page)
    known = b"style-src 'sha256-" + b64encode(sha256(style).digest()) + b"'"
    return tuple((name, value.replace(b"style-src 'self'", known)) for name, value in SAFE)


class ConsoleFace(TorchServeFace):
    """TorchServe's errors, and the safe headers."""

    def refusal(self, error: ServescopeError) -> tuple[int, list[Header], bytes]:
        """See `Face`."""
        status, headers, body = super().refusal(error)
        return status, [*headers, *SAFE], body


FACE = ConsoleFace()


def document(value: Any) -> bytes:
    """JSON of a document; NaN and infinite numbers, which JSON has not, are null."""
    return msgspec.json.encode(value)


def answer_document(exchange: Exchange, value: Any, *, status: int = 200, headers: Sequence[Header] = ()) -> None:
    """Answer with a document."""
    exchange.answer(status, [JSON_TYPE, *headers, *SAFE], document(value))
