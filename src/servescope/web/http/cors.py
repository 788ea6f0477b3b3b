"""The three cors_* settings in, response headers out, and whether a request is a browser's question beforehand.

Called by the runtime once for the headers that `web` adds to every answer, and by `web` for OPTIONS requests.
TorchServe's: each header is sent on all answers, as it is configured, if it is configured. Unlike there, several origins may be
configured, of which the one that asks is named (browsers take one or `*`); and a preflight is answered on every path: with 200, no
body and no token, since browsers send none.
"""

import re
from collections.abc import Iterable
from typing import Protocol

from msgspec import Struct

from servescope.errors import ConfigurationError


class CorsSettings(Protocol):
    """The part of the settings that is about CORS; None or "" leaves a header out."""

    @property
    def cors_allowed_origin(self) -> str | None:
        """The value of Access-Control-Allow-Origin: `*`, one origin, or several between commas."""

    @property
    def cors_allowed_methods(self) -> str | None:
        """The value of Access-Control-Allow-Methods."""

    @property
    def cors_allowed_headers(self) -> str | None:
        """The value of Access-Control-Allow-Headers."""


Pairs = list[tuple[bytes, bytes]]

_ORIGIN = "access-control-allow-origin"
# As browsers write their own: scheme, host and port, in lower case, without a path.
_WRITTEN = re.compile(r"[a-z][a-z0-9+.-]*://[^/?#@,\sA-Z]+|null|\*")


class Cors(Struct, frozen=True):
    """`headers` for every answer, names in lower case, none where CORS is off; one to an `origin` among `by_origin` gets those
    that stand there instead.
    """

    headers: Pairs
    by_origin: dict[bytes, Pairs]


NO_CORS = Cors([], {})


def read_cors(settings: CorsSettings) -> Cors:
    """What the settings say.

    Raises:
        ConfigurationError: a value holds what no header can (a line break, say).
    """
    values = {
        "cors_allowed_origin": (_ORIGIN, settings.cors_allowed_origin),
        "cors_allowed_methods": ("access-control-allow-methods", settings.cors_allowed_methods),
        "cors_allowed_headers": ("access-control-allow-headers", settings.cors_allowed_headers),
    }
    headers = [(name.encode(), _header_value(option, value)) for option, (name, value) in values.items() if value]
    origins = _origins(settings.cors_allowed_origin or "")
    if len(origins) < 2 or "*" in origins:
        return Cors([(b"access-control-allow-origin", b"*"), *headers[1:]] if len(origins) > 1 else headers, {})
    others = [*headers[1:], (b"vary", b"Origin")]
    return Cors(others, {origin.encode(): [(_ORIGIN.encode(), origin.encode()), *others] for origin in origins})


def doubtful_origins(settings: CorsSettings) -> list[str]:
    """Origins that are written as no browser writes its own, and so let nobody in."""
    return [origin for origin in _origins(settings.cors_allowed_origin or "") if not _WRITTEN.fullmatch(origin)]


def _origins(value: str) -> list[str]:
    return value.replace(",", " ").split()


def is_preflight(settings: CorsSettings, method: str, headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether a request only asks what it may do. Never where no origin is configured.

    `headers` are the wire's: names in any case.
    """
    if method != "OPTIONS" or not settings.cors_allowed_origin:
        return False
    names = {name.lower() for name, _ in headers}
    return b"origin" in names and b"access-control-request-method" in names


def _header_value(option: str, value: str) -> bytes:
    text = value.strip()
    if not (text.isascii() and text.isprintable()):
        raise ConfigurationError(f"{option}={value!r}: must be printable ASCII")
    return text.encode()
