"""Readers of addresses that have to do with Ray: in, a `GivenValue`; out, the address. Named by `settings.models`."""

import ipaddress
import re
from typing import Final

from servescope.config.address import MAX_PORT
from servescope.config.values.parsers import GivenValue

WORDS: Final = ("auto", "local")
_CLIENT: Final = "ray://"
_PLACE: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s:/?#@\[\]]+)(?::([0-9]{1,9}))?", re.ASCII)


def ray_address(given: GivenValue) -> str:
    """`auto`, `local`, `HOST:PORT` or `ray://HOST:PORT`."""
    text = given.text.strip()
    if text.lower() in WORDS:
        return text.lower()
    host, port = _place(given, text.removeprefix(_CLIENT))
    if port is None:
        raise given.refuse(f"is no Ray cluster: write auto, local, HOST:PORT or {_CLIENT}HOST:PORT")
    return f"{_CLIENT if text.startswith(_CLIENT) else ''}{host}:{port}"


def host_and_port(given: GivenValue) -> tuple[str, int]:
    """`HOST` or `HOST:PORT`; the port is 0 where it is not given. An IPv6 address stands in brackets."""
    host, port = _place(given, given.text.strip())
    return host.strip("[]"), port or 0


def _place(given: GivenValue, text: str) -> tuple[str, int | None]:
    found = _PLACE.fullmatch(text)
    if found is None:
        raise given.refuse("is no HOST:PORT")
    host, port = found[1], found[2]
    if host.startswith("["):
        try:
            ipaddress.IPv6Address(host[1:-1])
        except ValueError as error:
            raise given.refuse(f"is no address: {host} is no IPv6 address") from error
    if port is None:
        return host, None
    if not 0 < int(port) <= MAX_PORT:
        raise given.refuse(f"has the port {port}, which is not between 1 and {MAX_PORT}")
    return host, int(port)
