"""From an address to listen on to a URL to connect to. In: `Address`; out: text. Called by `start` and `endpoints`."""

from servescope.config.address import Address

# What a URL of this machine has in it.
LOOPBACKS = ("//127.0.0.1", "//localhost", "//[::1]")
# To listen on every interface is to be reachable at this machine's own.
_LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}


def client_url(address: Address) -> str:
    """`http://host:port`, `https://host:port` or `unix:/path`; wildcard hosts become the loopback host."""
    loopback = _LOOPBACK.get(address.host)
    if loopback is None or address.scheme == "unix":
        return str(address)
    return f"{address.scheme}://{loopback}:{address.port}"
