"""The option `metrics_peers`: other servers' metrics addresses. In, a `GivenValue`; out, their addresses in that order.

Named by `settings`, called by `load`.
"""

from servescope.config.address import Address, parse_address
from servescope.config.bounds import MAX_LISTED
from servescope.config.values.parsers import GivenValue, parts_of
from servescope.errors import ConfigurationError

METRICS_PORT = 8082


def peers(given: GivenValue) -> tuple[Address, ...]:
    """`10.0.0.2:8082, https://[::1]:8445, gpu7`: an address without a scheme is http's, one without a port has 8082."""
    return tuple(_peer(given, text) for text in parts_of(given, MAX_LISTED, "addresses") if text)


def _peer(given: GivenValue, text: str) -> Address:
    url = text if ":/" in text else f"http://{text}"
    try:
        address = parse_address(given.key, url, http_port=METRICS_PORT, https_port=METRICS_PORT)
    except ConfigurationError as error:
        raise given.refuse(f"holds no address of a server: {text!r}") from error
    if address.scheme == "unix" or not address.port:
        raise given.refuse(f"holds an address that no other machine can reach: {text!r}")
    return address
