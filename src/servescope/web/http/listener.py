"""A port and the app behind it: binds the socket, speaks HTTP (and TLS) through `connection`, closes in order.

Made by `runtime`, one for each address.
"""

import asyncio
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path

from servescope.config.address import Address
from servescope.config.settings import Settings
from servescope.errors import ConfigurationError
from servescope.web.http.clients.acceptor import Acceptor
from servescope.web.http.connection import Connection
from servescope.web.http.taker import App

BACKLOG = 4096


@dataclass(frozen=True)
class Tls:
    """PEM files of an https:// address."""

    certificate: Path
    private_key: Path

    def context(self) -> ssl.SSLContext:
        """What connections are encrypted with: TLS 1.2 or newer.

        Raises:
            ConfigurationError: the files cannot be read, or do not belong together.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        try:
            context.load_cert_chain(self.certificate, self.private_key)
        except (OSError, ValueError) as error:
            raise ConfigurationError(
                f"certificate_file={self.certificate}, private_key_file={self.private_key}: {error}"
            ) from error
        return context


def tls_of(settings: Settings) -> Tls | None:
    """The files that the settings name for https:// addresses, None where they name none.

    Raises:
        ConfigurationError: an address is https:// and they name none.
    """
    if settings.certificate_file is not None and settings.private_key_file is not None:
        return Tls(settings.certificate_file, settings.private_key_file)
    for option in ("inference_address", "management_address", "metrics_address"):
        address: Address = getattr(settings, option)
        if address.tls and (option != "metrics_address" or settings.enable_metrics_api):
            raise ConfigurationError(f"{option}={address}: needs certificate_file and private_key_file")
    return None


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
    """One address being served. `acceptor`: takes its connections."""

    def __init__(self, option: str, address: Address, app: App, tls: Tls | None, acceptor: Acceptor) -> None:
        self.option = option
        self.address = address
        self._app = app
        self._tls = tls
        self._acceptor = acceptor
        self._open = False

    async def start(self) -> None:
        """Bind and serve.

        Raises:
            ConfigurationError: the address cannot be bound, or the TLS files cannot be read.
        """
        context = self._tls.context() if self._tls is not None else None
        bound = bind(self.option, self.address)
        bound.listen(BACKLOG)

        acceptor = self._acceptor
        acceptor.start(bound, lambda: Connection(self._app, acceptor.clients), context)
        self._open = True

    async def close(self) -> None:
        """Take no more connections, and close those that there are."""
        if not self._open:
            return
        self._acceptor.close()
        if self.address.scheme == "unix":
            await asyncio.to_thread(Path(self.address.path).unlink, missing_ok=True)
