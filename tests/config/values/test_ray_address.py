"""The addresses of a Ray cluster, and of this machine for its workers."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.config.values.parsers import GivenValue
from servescope.config.values.ray_address import host_and_port, ray_address
from servescope.errors import ConfigurationError


def given_text(text):
    return GivenValue("ray_address", text, "a file", Path("/"))


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("auto", "auto"),
        (" LOCAL ", "local"),
        ("head:6379", "head:6379"),
        ("ray://head:10001", "ray://head:10001"),
        ("[::1]:6379", "[::1]:6379"),
    ],
)
def test_a_cluster(text, address):
    """By word, by its head, or as a client."""
    assert ray_address(given_text(text)) == address


@pytest.mark.parametrize(
    "text", ["", "head", "head:0", "head:65536", "http://head:1", "ray://", "ray://x", "[x]:1", "a b:1"]
)
def test_no_cluster(text):
    """Is refused with key and value."""
    with pytest.raises(ConfigurationError, match="ray_address="):
        ray_address(given_text(text))


@pytest.mark.parametrize(
    ("text", "place"), [("10.0.0.1", ("10.0.0.1", 0)), ("host:7000", ("host", 7000)), ("[fd00::1]:7", ("fd00::1", 7))]
)
def test_a_place(text, place):
    """With or without a port."""
    assert host_and_port(given_text(text)) == place


@given(st.text(max_size=20))
def test_anything(text):
    """Is read, or refused."""
    for read in (ray_address, host_and_port):
        try:
            read(given_text(text))
        except ConfigurationError:
            pass
