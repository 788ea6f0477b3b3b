"""The three cors_* settings in, response headers out, and whether a request is a browser's question beforehand.

Called by the runtime once for the headers that `web` adds to every answer, and by `web` for OPTIONS requests.
TorchServe's: each header is sent on all answers, as it is configured, if it is configured. Unlike there, a preflight
is answered on every path: with 200, no body and no token, since browsers send none.
"""

from collections.abc import Iterable
from typing import Protocol

from servescope.errors import ConfigurationError


class CorsSettings(Protocol):
    """The part of the settings that is about CORS; None or "" leaves a header out."""

    @property
    def cors_allowed_origin(self) -> str | None:
        """The value of Access-Control-Allow-Origin: `*`, or one origin."""

    @property
    def cors_allowed_methods(self) -> str | None:
        """The value of Access-Control-Allow-Methods."""

    @property
    def cors_allowed_headers(self) -> str | None:
        """The value of Access-Control-Allow-Headers."""


def cors_headers(settings: CorsSettings) -> list[tuple[bytes, bytes]]:
    """The headers to add to every answer, names in lower case; empty where CORS is off.

    Raises:
        ConfigurationError: a value holds what no header can (a line break, say).
    """
    values = {
        "cors_allowed_origin": ("origin", settings.cors_allowed_origin),
        "cors_allowed_methods": ("methods", settings.cors_allowed_methods),
        "cors_allowed_headers": ("headers", settings.cors_allowed_headers),
    }
    return [
        (f"access-control-allow-{name}".encode(), _header_value(option, value))
        for option, (name, value) in values.items()
        if value
    ]


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
