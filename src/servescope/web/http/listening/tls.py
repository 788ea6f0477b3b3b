"""The certificate of https:// addresses: PEM files in, what connections are encrypted with out, also when the files change.

Made by `server.certificates`, which says when to read the files again; `listener` asks for a context.
"""

import ssl
from pathlib import Path

from servescope.config.address import Address
from servescope.config.settings import Settings
from servescope.errors import ConfigurationError
from servescope.wire.secured.pem import no_password, why_refused

Stamp = tuple[tuple[int, int, int], ...]


class Tls:
    """PEM files of https:// addresses. Connections that were made before a `reload` keep what they began with."""

    def __init__(self, certificate: Path, private_key: Path) -> None:
        self.certificate = certificate
        self.private_key = private_key
        self._newest: ssl.SSLContext | None = None

    def context(self) -> ssl.SSLContext:
        """What a port's connections are encrypted with: TLS 1.2 or newer, and the files as they were read last.

        Raises:
            ConfigurationError: the files cannot be read, or do not belong together.
        """
        context = self._read()
        self._newest = context
        # A context cannot be given other files in one step: its certificate would be there before its key. So each
        # connection is led on to the newest one; this is called for clients that name no server, too.
        context.sni_callback = self._lead_on
        return context

    def reload(self) -> None:
        """Read the files again, for the connections to come.

        Raises:
            ConfigurationError: they cannot be used; connections get the certificate that they got before.
        """
        self._newest = self._read()

    def stamp(self) -> Stamp:
        """Changes when the files do, or what their names lead to."""
        return tuple(_stamp(path) for path in (self.certificate, self.private_key))

    def _read(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        try:
            context.load_cert_chain(self.certificate, self.private_key, no_password)
        except (OSError, ValueError) as error:
            why = why_refused(self.certificate, self.private_key, error)
            raise ConfigurationError(f"TLS cannot be set up: {why}") from error
        return context

    def _lead_on(self, connection: ssl.SSLObject, _server: str | None, _first: ssl.SSLContext) -> None:
        if self._newest is not None and connection.context is not self._newest:
            connection.context = self._newest


def _stamp(path: Path) -> tuple[int, int, int]:
    try:
        found = path.stat()
    except OSError:
        return 0, 0, 0
    return found.st_ino, found.st_size, found.st_mtime_ns


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
