"""Who asks: by header, by cookie, on loopback; and cookies that are none."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.config.address import Address
from servescope.console.access.hosts import Hosts
from servescope.console.access.visitor import NEEDS_TOKEN, PROXIED, Door
from servescope.errors import InvalidKey
from servescope.web.authorization import TokenAuthority
from servescope.web.http.request import Request

COOKIE = "servescope-console-8082"
HOSTS = Hosts(Address("http", "127.0.0.1", 8082))
OWN = {"host": "localhost", "origin": "http://localhost"}


def request(**headers):
    return Request(headers=[(key.encode(), value.encode("latin-1")) for key, value in headers.items()])


@pytest.fixture
def guarded(tmp_path):
    """A door, its key, and the clock that ends it."""
    now = [datetime(2026, 1, 1, tzinfo=UTC)]
    authority = TokenAuthority(tmp_path / "key_file.json", 60, lambda: now[0])
    key = authority._tokens["management"].key.decode()
    return Door(authority, HOSTS, COOKIE), key, now


def test_the_token_ends(guarded):
    """A cookie is worth as much as the token in it: nothing, once that has ended."""
    door, key, now = guarded
    cookie = door.sign_in(request(**OWN, authorization=f"Bearer {key}")).decode().partition(";")[0]
    assert door.visitor(request(cookie=cookie)).allowed
    now[0] += timedelta(minutes=61)
    assert door.visitor(request(cookie=cookie)).why == NEEDS_TOKEN


def test_a_wrong_header_counts(guarded):
    """Whoever shows a wrong token is not let in by a cookie."""
    door, key, _ = guarded
    sent = request(authorization="Bearer wrong", cookie=f"{COOKIE}={key}")
    assert not door.visitor(sent).allowed
    with pytest.raises(InvalidKey):
        door.sign_in(request(**OWN, cookie=f"{COOKIE}={key}"))


def test_secure(guarded):
    """Under TLS the cookie is for TLS alone."""
    door, key, _ = guarded
    bearer = {"authorization": f"Bearer {key}"}
    assert b"; Secure" in door.sign_in(request(host="localhost", origin="https://localhost", **bearer))
    assert b"; Secure" not in door.sign_in(request(**OWN, **bearer))


OPEN = Door(None, HOSTS, COOKIE)


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "models.example.org"},
        {"host": "models.example.org:443"},
        {"host": "127.0.0.1.example.org"},
        {"host": "localhost", "origin": "https://models.example.org"},
        {"host": "localhost", "X-Forwarded-Proto": "https"},
        {"host": "localhost", "x-envoy-external-address": "192.0.2.1"},
        {"host": "localhost", "CF-Connecting-IP": "192.0.2.1"},
        {"host": "localhost", "Via": "1.1 proxy"},
    ],
)
@pytest.mark.parametrize("address", [Address("http", "127.0.0.1", 8082), Address("unix", "/run/metrics.sock", 0)])
def test_a_proxy_without_tokens(headers, address):
    """Is known by what it says of itself, or by the name that it was asked under: nobody is let in through one."""
    door = Door(None, Hosts(address, ["models.example.org"]), COOKIE)
    assert door.visitor(request(**headers)).why == PROXIED


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST.:8082", "127.0.0.1:8082", "[::1]:8082", "127.9.9.9", "a.localhost"]
)
def test_loopback_without_tokens(host):
    """Under its own names it is this machine that asks, from the console's page or from none."""
    for own in ({}, {"origin": f"http://{host}"}):
        assert OPEN.visitor(request(host=host, **own)).allowed


@given(st.text(st.characters(max_codepoint=255), max_size=200))
def test_any_cookie(tmp_path_factory, text):
    """Whatever a client sends as one, it is nobody's, and nothing is raised."""
    authority = TokenAuthority(tmp_path_factory.getbasetemp() / "key_file.json", 60, lambda: datetime.now(UTC))
    door = Door(authority, HOSTS, COOKIE)
    for cookie in (text, f"{COOKIE}={text}", f'a=b; {COOKIE}="{text}'):
        assert not door.visitor(request(cookie=cookie)).allowed
