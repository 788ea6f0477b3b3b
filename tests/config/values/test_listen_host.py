"""Hosts that gRPC listens on."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.config.values.listen_host import host
from servescope.config.values.parsers import GivenValue
from servescope.errors import ConfigurationError


def parsed(text: str) -> str:
    return host(GivenValue("grpc_inference_address", text, "here", Path("/")))


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("127.0.0.1", "127.0.0.1"),
        (" 0.0.0.0 ", "0.0.0.0"),
        ("::1", "::1"),
        ("[::]", "::"),
        ("localhost", "localhost"),
        ("a-b.c", "a-b.c"),
    ],
)
def test_hosts(text: str, read: str):
    """Addresses of both kinds, and names."""
    assert parsed(text) == read


@pytest.mark.parametrize(
    "text",
    [
        "http://127.0.0.1",
        "127.0.0.1:7070",
        "[::1]:7070",
        "unix:/a",
        "a b",
        "[a]",
        "-a",
        "a/b",
        "[",
        "]",
        "é",
        "a" * 254,
    ],
)
def test_what_is_none(text: str):
    """The key, the value and its origin are named."""
    with pytest.raises(ConfigurationError, match=r"^grpc_inference_address=.* is no host: .*\(from here\)$"):
        parsed(text)


@given(st.text(min_size=1))
def test_any_text(text: str):
    """It is read, or refused in words."""
    try:
        assert parsed(text)
    except ConfigurationError:
        pass
