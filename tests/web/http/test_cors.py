"""CORS headers are sent as configured, and a browser's preflight is told from other OPTIONS requests."""

from dataclasses import dataclass

import pytest

from servescope.errors import ConfigurationError
from servescope.web.http.cors import NO_CORS, Cors, doubtful_origins, is_preflight, read_cors


@dataclass(frozen=True)
class Settings:
    """The three settings, off by default as in TorchServe."""

    cors_allowed_origin: str | None = None
    cors_allowed_methods: str | None = None
    cors_allowed_headers: str | None = None


ASKED = [(b"host", b"h"), (b"origin", b"http://page"), (b"access-control-request-method", b"POST")]


def test_off_by_default():
    """Nothing configured, or nothing but empty values: no header."""
    assert read_cors(Settings()) == read_cors(Settings("", "", "")) == NO_CORS


def test_as_configured():
    """Each header is sent if its setting is there, as it is there."""
    assert read_cors(Settings("*", "GET, POST", "X-Custom")).headers == [
        (b"access-control-allow-origin", b"*"),
        (b"access-control-allow-methods", b"GET, POST"),
        (b"access-control-allow-headers", b"X-Custom"),
    ]
    assert read_cors(Settings(cors_allowed_methods="GET")) == Cors([(b"access-control-allow-methods", b"GET")], {})


@pytest.mark.parametrize("value", ["http://a, https://b:1", "http://a https://b:1", " http://a,https://b:1 "])
def test_several_origins(value):
    """Each has headers of its own; all answers say that they depend on who asks."""
    others = [(b"access-control-allow-methods", b"GET"), (b"vary", b"Origin")]
    assert read_cors(Settings(value, "GET")) == Cors(
        others,
        {origin: [(b"access-control-allow-origin", origin), *others] for origin in (b"http://a", b"https://b:1")},
    )


def test_any_origin_among_several():
    """All are let in."""
    assert read_cors(Settings("http://a, *")) == read_cors(Settings("*"))


@pytest.mark.parametrize(
    ("value", "doubtful"),
    [
        ("*", []),
        ("https://a", []),
        ("https://a:8443, null, http://[::1]:80, moz-extension://x-y", []),
        ("https://a/", ["https://a/"]),
        ("https://A, b, http://c/d", ["https://A", "b", "http://c/d"]),
    ],
)
def test_origins_that_no_browser_writes(value, doubtful):
    """With a path, without a scheme, in capitals: they are never equal to what a browser says."""
    assert doubtful_origins(Settings(value)) == doubtful


@pytest.mark.parametrize("value", ["*\r\nX-Evil: 1", "\u00fcber", "a\x00"])
def test_values_that_are_no_header_are_named(value):
    """A value that would break out of its header, or cannot be sent, is refused with its option."""
    with pytest.raises(ConfigurationError, match="cors_allowed_headers="):
        read_cors(Settings("*", "GET", value))


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
