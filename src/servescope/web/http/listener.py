"""A port and the app behind it: binds the socket, speaks HTTP (and TLS) through `connection`, closes in order.

Made by `runtime`, one for each address.
"""

import asyncio
import errno
import socket
from pathlib import Path

from servescope.config.address import Address
from servescope.errors import ConfigurationError
from servescope.web.http.connection import App, Connection
from servescope.web.http.holders import holder_of
from servescope.web.http.tls import Tls

BACKLOG = 4096


def bind(option: str, address: Address) -> socket.socket:
    """A bound socket.

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
    bound.setblocking(False)
    return bound


class Listener:
    """One address being served."""

    def __init__(self, option: str, address: Address, app: App, tls: Tls | None) -> None:
        self.option = option
        self.address = address
        self._app = app
        self._tls = tls
        self._connections: set[Connection] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Bind and serve.

        Raises:
            ConfigurationError: the address cannot be bound, or the TLS files cannot be read.
        """
        context = self._tls.context() if self._tls is not None else None
        bound = bind(self.option, self.address)
        loop = asyncio.get_running_loop()

        def connect() -> Connection:
            return Connection(self._app, self._connections)

        make = loop.create_unix_server if self.address.scheme == "unix" else loop.create_server
        self._server = await make(connect, sock=bound, ssl=context, backlog=BACKLOG)

    async def close(self) -> None:
        """Take no more connections, and close those that there are."""
        if self._server is None:
            return
        self._server.close()
        for connection in list(self._connections):
            connection.transport.close()
        if self.address.scheme == "unix":
            await asyncio.to_thread(Path(self.address.path).unlink, missing_ok=True)
