"""The option `trusted_proxies`: whose word is taken on who the client is. In, a `GivenValue`; out, `Proxies`.

Named by `settings`, called by `load`; `web.http.forwarded` asks.
"""

import ipaddress
from functools import lru_cache

from msgspec import Struct

from servescope.config.bounds import MAX_LISTED
from servescope.config.values.parsers import GivenValue, parts_of

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
UNIX = "unix"


class Proxies(Struct, frozen=True):
    """`unix`: whoever comes by a Unix socket is one."""

    networks: tuple[Network, ...] = ()
    unix: bool = False

    def __bool__(self) -> bool:
        return self.unix or bool(self.networks)

    def __contains__(self, host: str) -> bool:
        """Whether this address, in a socket's or a header's spelling, is a proxy's; what is no address is none."""
        return _contains(self.networks, host)


@lru_cache(maxsize=4096)
def _contains(networks: tuple[Network, ...], host: str) -> bool:
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return any(address in network for network in networks)


def proxies(given: GivenValue) -> Proxies:
    """`10.0.0.0/8, 192.0.2.7, ::1, unix`."""
    networks, unix = [], False
    for text in parts_of(given, MAX_LISTED, "addresses"):
        if text.lower() == UNIX:
            unix = True
        elif text:
            try:
                networks.append(ipaddress.ip_network(text.strip("[]")))
            except ValueError as error:
                raise given.refuse(f"holds no address or network: {error}") from error
    return Proxies(tuple(networks), unix)
