"""Who a request is from, where it came through proxies that are trusted: in, its connection's client and headers; out, `Sender`.

Called by `exchange` for access lines and by `inference.prediction` for traces, and only where `trusted_proxies` names any. Each
proxy adds the address that it was called from at the end, so the list is read from there: the first that is no proxy's is the
client, and what stands before it anybody may have written.
"""

import ipaddress
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from servescope.config.values.proxies import Proxies

Client = tuple[str, int] | None
Headers = Sequence[tuple[bytes, bytes]]

MOST_HOPS = 64
# A parameter of RFC 7239: a token, and a token or a quoted string; many leave out the quotes that addresses need.
_PAIR = re.compile(r'\s*([!#$%&\'*+\-.^_`|~\w]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;,"]*))\s*', re.ASCII)
_NODE = re.compile(r"(?:\[([0-9A-Fa-f:.%\w]+)\]|([^\[\]:]+))(?::(\d{1,5}|_[\w.-]+))?", re.ASCII)


class Sender(NamedTuple):
    """`client`: host and port, 0 where it is not known; None on a Unix socket. `scheme`, `host`: what it asked, "" unknown."""

    client: Client
    scheme: str = ""
    host: str = ""


class _Hop(NamedTuple):
    node: str
    scheme: str = ""
    host: str = ""


def sender_of(peer: Client, headers: Headers, proxies: Proxies) -> Sender:
    """The sender, as far as trusted proxies tell. `peer`: who the connection is with."""
    sender = Sender(peer)
    if not (proxies.unix if peer is None else peer[0] in proxies):
        return sender
    hops = _forwarded(headers) or _x_forwarded(headers)
    for hop in reversed(hops[-MOST_HOPS:]):
        node = _address(hop.node)
        if node is None:
            break  # hidden, or no address: nobody says who it was
        sender = Sender(node, hop.scheme or sender.scheme, hop.host or sender.host)
        if node[0] not in proxies:
            break
    return sender


def _values(headers: Headers, name: bytes) -> str:
    """All headers of this name, as one list."""
    return ",".join([value.decode("latin-1") for key, value in headers if key.lower() == name])


def _forwarded(headers: Headers) -> list[_Hop]:
    text = _values(headers, b"forwarded")
    return [
        _Hop(hop.get("for", ""), hop.get("proto", "").lower(), hop.get("host", ""))
        for hop in (_elements(text) if text else ())
    ]


def _elements(text: str) -> Iterator[dict[str, str]]:
    """RFC 7239's list; it ends where it is none."""
    place, hop = 0, dict[str, str]()
    while place < len(text):
        pair = _PAIR.match(text, place)
        if pair is not None:
            quoted = pair[2]
            hop[pair[1].lower()] = pair[3] if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
            place = pair.end()
        separator = text[place : place + 1]
        if separator == ",":
            yield hop
            hop = {}
        elif separator and separator != ";" and not separator.isspace():
            yield {}  # what follows cannot be told apart: nobody says who it was
            return
        place += 1
    yield hop


def _x_forwarded(headers: Headers) -> list[_Hop]:
    nodes = [part.strip() for part in _values(headers, b"x-forwarded-for").split(",")]
    scheme, host = (
        _values(headers, name).split(",")[-1].strip() for name in (b"x-forwarded-proto", b"x-forwarded-host")
    )
    return [_Hop(node, scheme.lower(), host) for node in nodes if node]


def _address(node: str) -> tuple[str, int] | None:
    """A node's address and port, `192.0.2.1`, `192.0.2.1:80`, `[::1]:80` or a bare `::1`; None for any other word."""
    try:
        return str(ipaddress.ip_address(node)), 0
    except ValueError:
        pass
    found = _NODE.fullmatch(node)
    if found is None:
        return None
    try:
        address = ipaddress.ip_address(found[1] or found[2])
    except ValueError:
        return None
    port = found[3] or ""
    return str(address), int(port) if port.isdecimal() and int(port) <= 65535 else 0
