"""The PEM files by which front end and agent know each other: in, their paths; out, a context for either end of a connection.

Both ends show a certificate, and both take only those that the authority has signed. Used by `fleet.backends.remote.listener`
and `fleet.agent.tunnel`.
"""

import ssl
from pathlib import Path

from msgspec import Struct

from servescope.wire.secured.pem import no_password, why_refused


class TlsFile(Struct, array_like=True, frozen=True):
    """A path, and the `option` that names it, for people."""

    option: str
    path: str

    def __str__(self) -> str:
        return f"{self.option}={self.path}"


class TlsFiles(Struct, array_like=True, frozen=True):
    """One machine's. `authority`: certificates of whoever signs those of the others."""

    certificate: TlsFile
    key: TlsFile
    authority: TlsFile

    def listening(self) -> ssl.SSLContext:
        """For the end that is connected to.

        Raises:
            OSError: a file cannot be read, or is none of its kind; names it.
        """
        return self._load(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))

    def connecting(self) -> ssl.SSLContext:
        """For the end that connects, which wants the address that it connects to in the certificate.

        Raises:
            OSError: as `listening`.
        """
        return self._load(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))

    def _load(self, context: ssl.SSLContext) -> ssl.SSLContext:
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.verify_mode = ssl.CERT_REQUIRED
        certificate, key = Path(self.certificate.path), Path(self.key.path)
        try:
            context.load_cert_chain(certificate, key, no_password)
        except (OSError, ValueError) as error:
            options = (self.certificate.option, self.key.option)
            raise OSError(f"TLS cannot be set up: {why_refused(certificate, key, error, options)}") from error
        self._trust(context)
        return context

    def _trust(self, context: ssl.SSLContext) -> None:
        try:
            context.load_verify_locations(self.authority.path)
        except ssl.SSLError as error:
            raise OSError(f"TLS cannot be set up: {self.authority} has no certificate in it: {error}") from error
        except OSError as error:
            raise OSError(f"TLS cannot be set up: {self.authority} cannot be read: {error.strerror}") from error
