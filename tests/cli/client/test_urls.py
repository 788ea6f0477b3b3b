"""From an address to listen on to one to connect to."""

import pytest

from servescope.cli.client.urls import client_url
from servescope.config.address import Address


@pytest.mark.parametrize(
    ("address", "url"),
    [
        (Address("http", "127.0.0.1", 8080), "http://127.0.0.1:8080"),
        (Address("http", "0.0.0.0", 8080), "http://127.0.0.1:8080"),
        (Address("https", "::", 8443), "https://[::1]:8443"),
        (Address("https", "models.example", 443), "https://models.example:443"),
        (Address("unix", "", 0, "/run/serve.sock"), "unix:/run/serve.sock"),
    ],
)
def test_wildcards_become_loopback(address, url):
    """Nobody can connect to 0.0.0.0 by that name everywhere; everything else is taken as it is."""
    assert client_url(address) == url
