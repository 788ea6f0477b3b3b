"""Hosts and origins: which names a request may have, and from which pages it may change something."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.config.address import Address
from servescope.console.access.hosts import Hosts, is_loopback, name_of
from servescope.console.access.refusal import Forbidden
from servescope.web.http.request import Request

LOOPBACK = Address("http", "127.0.0.1", 8082)
OPEN = Address("http", "0.0.0.0", 8082)


def request(**headers):
    named = [(key.replace("_", "-").encode(), value.encode("latin-1")) for key, value in headers.items()]
    return Request(headers=named)


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8082", "localhost", "LOCALHOST:1", "[::1]:8082", "127.3.2.1", "a.localhost", "localhost."]
)
def test_names_of_loopback(host):
    """Whatever leads to this machine alone, with any port: it may be forwarded."""
    Hosts(LOOPBACK).check(request(host=host))


@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1.evil.example", "", "localhost@evil", "evil/localhost", "[::1", "10.0.0.1", "a b"],
)
def test_other_names(host):
    """Are refused on loopback, by name, and not elsewhere."""
    with pytest.raises(Forbidden, match="console_hosts"):
        Hosts(LOOPBACK).check(request(host=host))
    Hosts(OPEN).check(request(host=host))


def test_extra_names():
    """With any port, or with the one that is given alone."""
    hosts = Hosts(LOOPBACK, ("models.example.org", "gpu7:8443"))
    hosts.check(request(host="Models.Example.org:99"))
    hosts.check(request(host="gpu7:8443"))
    with pytest.raises(Forbidden):
        hosts.check(request(host="gpu7:8444"))
    hosts.check_origin(request(host="inner", origin="https://models.example.org"), by_cookie=True)


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://localhost:8083", "file://", "localhost:8082", "http://[", ""]
)
def test_foreign_origins(origin):
    """Another site's page, another port's, or none that has a name."""
    with pytest.raises(Forbidden):
        Hosts(LOOPBACK).check_origin(request(host="localhost:8082", origin=origin), by_cookie=False)


def test_own_origins():
    """The console's own page; or no page, where no cookie speaks for it."""
    hosts = Hosts(LOOPBACK)
    hosts.check_origin(request(host="localhost:8082", origin="http://localhost:8082"), by_cookie=True)
    hosts.check_origin(request(host="localhost:8082"), by_cookie=False)
    with pytest.raises(Forbidden):
        hosts.check_origin(request(host="localhost:8082"), by_cookie=True)
    with pytest.raises(Forbidden):
        hosts.check_origin(request(host="localhost:8082", sec_fetch_site="same-site"), by_cookie=False)


@given(st.text(max_size=60))
def test_any_text(text):
    """Nothing else is raised, whatever a client sends."""
    name = name_of(text)
    assert name is None or isinstance(is_loopback(name), bool)
    sent = request(host="localhost", origin=text.encode("latin-1", "replace").decode("latin-1"))
    try:
        Hosts(LOOPBACK).check_origin(sent, by_cookie=False)
    except Forbidden:
        pass
