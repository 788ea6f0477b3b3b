"""Where a listener listens: in, an option's text; out, an `Address`. Called by `parsers`, read by web and cli."""

import ipaddress
import re

from msgspec import Struct

from servescope.errors import ConfigurationError

MAX_PORT = 65535

_TCP = re.compile(r"(https?)://(\[[^\]\s]+\]|[^\s:/?#@\[\]]+)(?::([0-9]{1,9}))?/?", re.IGNORECASE | re.ASCII)
_UNIX = re.compile(r"unix:(/[^\0]*)", re.IGNORECASE)


class Address(Struct, frozen=True):
    """An address to listen on. `scheme` is http, https or unix; `path` is a Unix socket's, "" otherwise.

    `host` has no brackets even if it is an IPv6 address; `port` 0 lets the system choose one.
    """

    scheme: str
    host: str
    port: int
    path: str = ""

    @property
    def tls(self) -> bool:
        """True if the listener speaks TLS."""
        return self.scheme == "https"

    def __str__(self) -> str:
        """The URL, as it may be written into a configuration: `http://[::1]:8080`, `unix:/run/serve.sock`."""
        if self.scheme == "unix":
            return f"unix:{self.path}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"


def parse_address(option: str, text: str, *, http_port: int, https_port: int) -> Address:
    """Read `http://host[:port]`, `https://host[:port]` or `unix:/path`, in any letter case.

    `http_port` and `https_port` stand in where the text names no port; TorchServe has a pair for each listener
    (util/Connector). IPv6 hosts, which it cannot read, are written in brackets. Raises ConfigurationError with
    the option and the value.
    """
    if unix := _UNIX.fullmatch(text):
        return Address("unix", "", 0, unix[1])
    tcp = _TCP.fullmatch(text)
    if tcp is None:
        raise ConfigurationError(
            f"{option}={text!r} is no address: write http://host:port, https://host:port or unix:/path"
        )
    scheme = tcp[1].lower()
    port = int(tcp[3]) if tcp[3] else (https_port if scheme == "https" else http_port)
    if port > MAX_PORT:
        raise ConfigurationError(f"{option}={text!r}: port {port} is above {MAX_PORT}")
    return Address(scheme, _host(option, text, tcp[2]), port)


def _host(option: str, text: str, host: str) -> str:
    if not host.startswith("["):
        return host
    try:
        ipaddress.IPv6Address(host[1:-1])
    except ValueError as error:
        raise ConfigurationError(f"{option}={text!r}: {host} is no IPv6 address") from error
    return host[1:-1]
