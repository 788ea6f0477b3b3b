"""Who a request is from, where it came through proxies."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.config.values.parsers import GivenValue
from servescope.config.values.proxies import proxies
from servescope.errors import ConfigurationError
from servescope.web.http.forwarded import sender_of

PEER = ("10.0.0.1", 5000)


def trusted(text):
    return proxies(GivenValue("trusted_proxies", text, "c.properties", Path()))


def client(*headers, peer=PEER, by="10.0.0.0/8, ::1"):
    return sender_of(peer, [(name.encode(), value.encode()) for name, value in headers], trusted(by)).client


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([("X-Forwarded-For", "203.0.113.7")], ("203.0.113.7", 0)),
        ([("x-forwarded-for", "203.0.113.7:4711")], ("203.0.113.7", 4711)),
        ([("X-Forwarded-For", "9.9.9.9, 203.0.113.7, 10.1.1.1")], ("203.0.113.7", 0)),
        ([("X-Forwarded-For", "9.9.9.9"), ("X-Forwarded-For", "203.0.113.7")], ("203.0.113.7", 0)),
        ([("X-Forwarded-For", "2001:db8::7")], ("2001:db8::7", 0)),
        ([("X-Forwarded-For", "[2001:db8::7]:80")], ("2001:db8::7", 80)),
        ([("X-Forwarded-For", "10.2.2.2, 10.3.3.3")], ("10.2.2.2", 0)),
        ([("X-Forwarded-For", "9.9.9.9, unknown")], PEER),
        ([("X-Forwarded-For", "9.9.9.9, junk, 10.1.1.1")], ("10.1.1.1", 0)),
        ([("X-Forwarded-For", "")], PEER),
        ([("X-Forwarded-For", "203.0.113.7:99999")], ("203.0.113.7", 0)),
        ([("Forwarded", "for=203.0.113.7")], ("203.0.113.7", 0)),
        ([("Forwarded", 'For="[2001:db8::7]:4711";proto=https, for=10.1.1.1')], ("2001:db8::7", 4711)),
        ([("Forwarded", 'by=x;for=9.9.9.9, for="203.0.113.7:80";host="a,b;c"')], ("203.0.113.7", 80)),
        ([("Forwarded", "for=203.0.113.7"), ("Forwarded", "for=10.1.1.1")], ("203.0.113.7", 0)),
        ([("Forwarded", 'for=9.9.9.9, for="_hidden"')], PEER),
        ([("Forwarded", "for=unknown")], PEER),
        ([("Forwarded", "for=203.0.113.7"), ("X-Forwarded-For", "8.8.8.8")], ("203.0.113.7", 0)),
        ([("Forwarded", 'for="203.0.113.7')], PEER),
        ([], PEER),
    ],
)
def test_the_last_that_is_no_proxys(headers, expected):
    """Read from the end; what stands before it anybody may have written. What hides, or is no address, ends the search."""
    assert client(*headers) == expected


@pytest.mark.parametrize("peer", [("192.0.2.1", 5), None])
def test_whoever_is_not_trusted_is_not_believed(peer):
    """Its own address counts."""
    assert client(("X-Forwarded-For", "203.0.113.7"), peer=peer) == peer


def test_proxies_on_a_unix_socket():
    """Are trusted by name."""
    assert client(("X-Forwarded-For", "203.0.113.7"), peer=None, by="unix") == ("203.0.113.7", 0)


def test_a_peer_in_other_spellings():
    """IPv4 on an IPv6 socket, and a zone behind the address."""
    seen = ("X-Forwarded-For", "203.0.113.7")
    assert client(seen, peer=("::ffff:10.0.0.9", 1)) == client(seen, peer=("::1", 1)) == ("203.0.113.7", 0)
    assert client(seen, peer=("fe80::1%eth0", 1), by="fe80::/10") == ("203.0.113.7", 0)


@pytest.mark.parametrize(
    ("headers", "scheme", "host"),
    [
        ([("Forwarded", 'for=9.9.9.9;proto=HTTPS;host="api.example:8443"')], "https", "api.example:8443"),
        ([("X-Forwarded-For", "9.9.9.9"), ("X-Forwarded-Proto", "https")], "https", ""),
        ([("X-Forwarded-For", "9.9.9.9"), ("X-Forwarded-Host", "api.example")], "", "api.example"),
    ],
)
def test_what_it_asked_for(headers, scheme, host):
    """Scheme and host, as the client gave them to the proxy."""
    sender = sender_of(PEER, [(name.encode(), value.encode()) for name, value in headers], trusted("10.0.0.1"))
    assert (sender.scheme, sender.host) == (scheme, host)


@given(st.lists(st.tuples(st.sampled_from([b"Forwarded", b"X-Forwarded-For"]), st.binary(max_size=60))))
def test_no_header_is_an_error(headers):
    """Whatever a client sends through a proxy."""
    found = sender_of(PEER, headers, trusted("0.0.0.0/0"))
    assert found.client is not None


@pytest.mark.parametrize("text", ["10.0.0.0/33", "host.example", "10.0.0.1/8", "1.2.3"])
def test_what_is_no_network(text):
    """Is named with the key."""
    with pytest.raises(ConfigurationError, match=r"trusted_proxies=.*holds no address or network"):
        trusted(text)
