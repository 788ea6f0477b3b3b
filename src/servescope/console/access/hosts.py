"""Under which names the console may be asked for, and from which pages it may be changed: in, the headers; out, nothing or 403.

A page of another site can have a browser ask a port of its own machine, by a name of that site's that leads to 127.0.0.1 (DNS
rebinding): so where the port is on loopback, the Host must be a name of this machine's loopback, or one of `console_hosts`.
"""

import ipaddress
import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from servescope.config.address import Address
from servescope.console.access.refusal import Forbidden
from servescope.web.http.request import Request

_HOST = re.compile(r"(\[[0-9A-Fa-f:.%]{2,60}\]|[^:\[\]\s/@]{1,253})(?::([0-9]{1,5}))?\Z")
_SHOWN = 80


class Hosts:
    """`address`: of the metrics port. `extra`: `console_hosts`, each a name, or a name and a port."""

    def __init__(self, address: Address, extra: Sequence[str] = ()) -> None:
        self.on_loopback = address.scheme == "unix" or is_loopback(address.host)
        self._checked = address.scheme != "unix" and self.on_loopback
        self._extra = frozenset(name.lower() for name in extra)

    def check(self, request: Request) -> None:
        """Raises: Forbidden, where the port is on loopback and the request's Host is no name of it."""
        host = request.header(b"host")
        if not self._checked or (host is None and request.version == "1.0"):
            return
        name = name_of(host or "")
        if name is None or not (is_loopback(name) or self._is_extra(host or "")):
            raise Forbidden(
                f"Host {(host or '')[:_SHOWN]!r} is no name under which this console may be asked for: use 127.0.0.1 or"
                " localhost, or list the name in console_hosts"
            )

    def is_own(self, request: Request) -> bool:
        """Whether it was asked for under a name of loopback, by no page of another name: a proxy's names are in `console_hosts`."""
        host, origin = request.header(b"host"), request.header(b"origin")
        names = [name_of(host or "")] if host is not None else []
        names += [name_of(_netloc(origin) or "")] if origin is not None else []
        return all(name is not None and is_loopback(name) for name in names)

    def check_origin(self, request: Request, *, by_cookie: bool) -> None:
        """That a change comes from the console's own page, or from no page at all. `by_cookie`: a browser's cookie says who asks,
        so a page there must be.

        Raises:
            Forbidden: it comes from somewhere else.
        """
        origin = request.header(b"origin")
        if origin is None:
            if by_cookie or request.header(b"sec-fetch-site") not in (None, "same-origin", "none"):
                raise Forbidden("A change needs the Origin header of the console's own page")
            return
        netloc = _netloc(origin)
        host = (request.header(b"host") or "").lower()
        if netloc is None or not (netloc == host or self._is_extra(netloc)):
            raise Forbidden(
                f"Origin {origin[:_SHOWN]!r} is not this console's: behind a proxy, list its name in console_hosts"
            )

    def _is_extra(self, host: str) -> bool:
        return host.lower() in self._extra or name_of(host) in self._extra


def name_of(host: str) -> str | None:
    """The name in `name:port`, in small letters and without brackets; None where it is neither a name nor an address."""
    found = _HOST.match(host)
    return found[1].strip("[]").lower().rstrip(".") if found else None


def is_loopback(name: str) -> bool:
    """Whether a name leads to this machine alone, whoever resolves it."""
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _netloc(origin: str) -> str | None:
    try:
        parts = urlsplit(origin)
    except ValueError:
        return None
    return parts.netloc.lower() if parts.scheme in ("http", "https") and parts.netloc else None
