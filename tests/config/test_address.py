"""Listener addresses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.config.address import Address, parse_address
from servescope.errors import ConfigurationError


def parse(text):
    return parse_address("inference_address", text, http_port=80, https_port=443)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("http://127.0.0.1:8080", Address("http", "127.0.0.1", 8080)),
        ("http://0.0.0.0", Address("http", "0.0.0.0", 80)),
        ("https://example.org", Address("https", "example.org", 443)),
        ("HTTPS://example.org:8443/", Address("https", "example.org", 8443)),
        ("http://[::1]:9", Address("http", "::1", 9)),
        ("http://[::]", Address("http", "::", 80)),
        ("http://localhost:0", Address("http", "localhost", 0)),
        ("unix:/run/serve scope.sock", Address("unix", "", 0, "/run/serve scope.sock")),
    ],
)
def test_reads_addresses(text, address):
    """Every form that the contract lists, and IPv6, is read."""
    assert parse(text) == address


@pytest.mark.parametrize(
    "text",
    ["", "127.0.0.1:8080", "ftp://h:1", "http://", "http://:80", "http://h:", "http://h:65536", "http://h:x", "http://h:-1",
     "http://[::1", "http://[::g]:1", "http://h:80/path", "unix:relative", "http://a b:1", "http://h:99999999999999", "http://h:１"],
)  # fmt: skip
def test_refuses_what_is_no_address(text):
    """The error names the option and the value."""
    with pytest.raises(ConfigurationError, match="inference_address") as caught:
        parse(text)
    assert repr(text) in str(caught.value)


def test_tls_is_https():
    """Only https addresses speak TLS."""
    assert parse("https://h").tls
    assert not parse("http://h").tls
    assert not parse("unix:/s").tls


hosts = st.ip_addresses().map(str) | st.from_regex(r"[a-z0-9]([a-z0-9.-]{0,20}[a-z0-9])?", fullmatch=True)
addresses = st.builds(Address, st.sampled_from(["http", "https"]), hosts, st.integers(0, 65535)) | st.from_regex(
    r"/[a-z/._-]{0,30}", fullmatch=True
).map(lambda path: Address("unix", "", 0, path))


@given(addresses)
def test_text_of_an_address_reads_back(address):
    """str() writes what parse_address reads."""
    assert parse(str(address)) == address


@given(st.text())
def test_any_text_is_an_address_or_a_configuration_error(text):
    """No text raises anything else."""
    try:
        assert parse(text).port <= 65535
    except ConfigurationError:
        pass
