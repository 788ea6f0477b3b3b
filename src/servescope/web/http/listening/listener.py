"""An address: its socket is bound, given to who takes the connections, and closed in order.

Made by `server.http.ports`, one for each address.
"""

import asyncio
import errno
import socket
from pathlib import Path
from typing import Protocol

from servescope.config.address import Address
from servescope.errors import ConfigurationError
from servescope.web.http.listening.holders import holder_of

BACKLOG = 4096


def bind(option: str, address: Address) -> socket.socket:
    """A socket that listens.

    Raises:
        ConfigurationError: it cannot be bound; the text names the option and the address.
    """
    try:
        if address.scheme == "unix":
            return _bind_unix(address.path)
        family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
        bound = socket.socket(family, socket.SOCK_STREAM)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)  # which connections inherit
        bound.bind((address.host, address.port))
        bound.listen(BACKLOG)  # now, as two that are bound at the same moment find out no sooner
    except OSError as error:
        why = str(error.strerror or error)
        if error.errno == errno.EADDRINUSE and (holder := holder_of(address)):
            why += f", by {holder}"
        raise ConfigurationError(f"{option}={address}: cannot listen there: {why}") from error
    bound.setblocking(False)
    return bound


def _bind_unix(path: str) -> socket.socket:
    """A Unix socket at `path`; one that a dead server left behind is replaced, a living one is not."""
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        bound.bind(path)
    except OSError:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            if not Path(path).is_socket() or probe.connect_ex(path) == 0:
                raise
        Path(path).unlink()
        bound.bind(path)
    bound.listen(BACKLOG)
    bound.setblocking(False)
    return bound


class Accepting(Protocol):
    """Takes connections: `clients.acceptor.Acceptor`, or who hands them on."""

    def start(self, bound: socket.socket) -> None:
        """Begin, on the running loop. `bound` listens, does not block, and is closed by `close`.

        Raises:
            ConfigurationError: the TLS files cannot be read; `bound` stays the caller's.
        """

    def close(self) -> None:
        """Take no more connections, and close those that there are."""


class Listener:
    """One address being served. `acceptor`: takes its connections."""

    def __init__(self, option: str, address: Address, acceptor: Accepting) -> None:
        self.option = option
        self.address = address
        self._acceptor = acceptor
        self._open = False

    async def start(self) -> None:
        """Bind and serve.

        Raises:
            ConfigurationError: the address cannot be bound, or the TLS files cannot be read.
        """
        bound = bind(self.option, self.address)
        try:
            self._acceptor.start(bound)
        except ConfigurationError:
            bound.close()
            raise
        self._open = True

    async def close(self) -> None:
        """Take no more connections, and close those that there are."""
        if not self._open:
            return
        self._acceptor.close()
        if self.address.scheme == "unix":
            await asyncio.to_thread(Path(self.address.path).unlink, missing_ok=True)
