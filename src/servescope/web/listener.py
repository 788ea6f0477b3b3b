"""A port and the app behind it: binds the socket, speaks HTTP (and TLS) through `connection`, closes in order.

Made by `runtime`, one for each address. uvicorn's parts are used without its Server, whose signal handling and ticking are made
for one app a process.
"""

import asyncio
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
from uvicorn.server import ServerState

from servescope.config.address import Address
from servescope.errors import ConfigurationError
from servescope.web.connection import Connection

BACKLOG = 4096


@dataclass(frozen=True)
class Tls:
    """PEM files of an https:// address."""

    certificate: Path
    private_key: Path


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
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        bound.bind((address.host, address.port))
    except OSError as error:
        raise ConfigurationError(f"{option}={address}: cannot listen there: {error.strerror or error}") from error
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

    def __init__(self, option: str, address: Address, app: Any, tls: Tls | None) -> None:
        self.option = option
        self.address = address
        self._app = app
        self._tls = tls
        self._state = ServerState()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Bind and serve.

        Raises:
            ConfigurationError: the address cannot be bound, or the TLS files cannot be read.
        """
        config = self._config()
        bound = bind(self.option, self.address)
        loop = asyncio.get_running_loop()

        def connect() -> Connection:
            return Connection(config=config, server_state=self._state, app_state={}, _loop=loop)

        ssl = config.ssl if self._tls else None
        if self.address.scheme == "unix":
            self._server = await loop.create_unix_server(connect, sock=bound, ssl=ssl, backlog=BACKLOG)
        else:
            self._server = await loop.create_server(connect, sock=bound, ssl=ssl, backlog=BACKLOG)

    def _config(self) -> uvicorn.Config:
        tls = (
            {"ssl_certfile": str(self._tls.certificate), "ssl_keyfile": str(self._tls.private_key)} if self._tls else {}
        )
        config = uvicorn.Config(
            self._app,
            interface="asgi3",
            http=Connection,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            **tls,  # type: ignore[arg-type]
        )
        try:
            config.load()
        except (OSError, ValueError) as error:
            raise ConfigurationError(
                f"certificate_file={tls.get('ssl_certfile')}, private_key_file={tls.get('ssl_keyfile')}: {error}"
            ) from error
        return config

    async def close(self) -> None:
        """Take no more connections, and close those that there are."""
        if self._server is None:
            return
        self._server.close()
        for connection in list(self._state.connections):
            connection.shutdown()
        for connection in list(self._state.connections):
            connection.transport.close()
        if self.address.scheme == "unix":
            Path(self.address.path).unlink(missing_ok=True)
