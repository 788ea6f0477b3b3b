"""CORS headers are sent as configured, and a browser's preflight is told from other OPTIONS requests."""

from dataclasses import dataclass

import pytest

from servescope.errors import ConfigurationError
from servescope.web.http.cors import cors_headers, is_preflight


@dataclass(frozen=True)
class Settings:
    """The three settings, off by default as in TorchServe."""

    cors_allowed_origin: str | None = None
    cors_allowed_methods: str | None = None
    cors_allowed_headers: str | None = None


ASKED = [(b"host", b"h"), (b"origin", b"http://page"), (b"access-control-request-method", b"POST")]


def test_off_by_default():
    """Nothing configured, or nothing but empty values: no header."""
    assert cors_headers(Settings()) == []
    assert cors_headers(Settings("", "", "")) == []


def test_as_configured():
    """Each header is sent if its setting is there, as it is there."""
    assert cors_headers(Settings("*", "GET, POST", "X-Custom")) == [
        (b"access-control-allow-origin", b"*"),
        (b"access-control-allow-methods", b"GET, POST"),
        (b"access-control-allow-headers", b"X-Custom"),
    ]
    assert cors_headers(Settings(cors_allowed_methods="GET")) == [(b"access-control-allow-methods", b"GET")]


@pytest.mark.parametrize("value", ["*\r\nX-Evil: 1", "\u00fcber", "a\x00"])
def test_values_that_are_no_header_are_named(value):
    """A value that would break out of its header, or cannot be sent, is refused with its option."""
    with pytest.raises(ConfigurationError, match="cors_allowed_headers="):
        cors_headers(Settings("*", "GET", value))


@pytest.mark.parametrize(
    ("origin", "method", "headers", "expected"),
    [
        ("*", "OPTIONS", ASKED, True),
        ("*", "POST", ASKED, False),
        (None, "OPTIONS", ASKED, False),
        ("*", "OPTIONS", ASKED[:2], False),
        ("*", "OPTIONS", ASKED[2:], False),
        ("*", "OPTIONS", [], False),
    ],
)
def test_preflight(origin, method, headers, expected):
    """Only OPTIONS with both of a preflight's headers, and only where CORS is on; others get the API description."""
    assert is_preflight(Settings(origin), method, headers) is expected
