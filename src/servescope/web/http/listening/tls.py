"""The certificate of https:// addresses: PEM files or a keystore in, what connections are encrypted with out,
also when these change.

Made by `server.certificates`, which says when to read the files again; `listener` asks for a context.
"""

import logging
import socket
import ssl
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from servescope.config.settings import Settings
from servescope.config.settings.presented import encrypted_options, presented_certificate
from servescope.errors import ConfigurationError
from servescope.web.http.listening.pair import Pair, load_pair, make_up, read_keystore
from servescope.wire.secured.pem import why_refused

logger = logging.getLogger("servescope.runtime")

Stamp = tuple[tuple[int, int, int], ...]


class Tls:
    """PEM files of https:// addresses. Connections that were made before a `reload` keep what they began with.

    With `pair`, the files are what it is made from: a keystore, which is both. `certificate_pem`: what clients are shown then, as
    it was read last.
    """

    def __init__(self, certificate: Path, private_key: Path, pair: Callable[[], Pair] | None = None) -> None:
        self.certificate = certificate
        self.private_key = private_key
        self.certificate_pem: bytes | None = None
        self._pair = pair
        self._newest: ssl.SSLContext | None = None
        self._read_last: Pair | None = None

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

    def pair(self) -> Pair:
        """The certificate and its key as they were read last, for another process of this server.

        Raises:
            ConfigurationError: they have yet to be read, and cannot be.
        """
        if self._read_last is None:
            self._read()
        assert self._read_last is not None
        return self._read_last

    def stamp(self) -> Stamp:
        """Changes when the files do, or what their names lead to."""
        return tuple(_stamp(path) for path in (self.certificate, self.private_key))

    def _read(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._read_last = self._load(context) if self._pair is None else self._load_made(context, self._pair())
        return context

    def _load(self, context: ssl.SSLContext) -> Pair:
        """What is in the files, read once: they may be replaced at any moment, and other processes are to have the same."""
        try:
            pair = Pair(self.certificate.read_bytes(), self.private_key.read_bytes())
            load_pair(context, pair)
        except (OSError, ValueError) as error:
            why = why_refused(self.certificate, self.private_key, error)
            raise ConfigurationError(f"TLS cannot be set up: {why}") from error
        return pair

    def _load_made(self, context: ssl.SSLContext, pair: Pair) -> Pair:
        try:
            load_pair(context, pair)
        except OSError as error:
            raise ConfigurationError(f"TLS cannot be set up: OpenSSL refuses {self.certificate}: {error}") from error
        self.certificate_pem = pair.certificate
        return pair

    def _lead_on(self, connection: ssl.SSLObject, _server: str | None, _first: ssl.SSLContext) -> None:
        if self._newest is not None and connection.context is not self._newest:
            connection.context = self._newest


def _stamp(path: Path) -> tuple[int, int, int]:
    try:
        found = path.stat()
    except OSError:
        return 0, 0, 0
    return found.st_ino, found.st_size, found.st_mtime_ns


def tls_of(settings: Settings, environ: Mapping[str, str]) -> Tls | None:
    """What https:// addresses are encrypted with, as in TorchServe (util/ConfigManager): with what is in `keystore`, else with
    `certificate_file` and `private_key_file`, else with a certificate that is made up now. None where no address is https://, and
    nothing is given.

    Raises:
        ConfigurationError: what is needed cannot be had.
    """
    if settings.keystore is not None:
        store = settings.keystore
        return Tls(store, store, partial(read_keystore, store, settings.keystore_pass))
    if settings.certificate_file is not None and settings.private_key_file is not None:
        return Tls(settings.certificate_file, settings.private_key_file)
    shown = presented_certificate(settings, environ)
    if shown is None:
        return None
    return _made_up(settings, shown)


def _made_up(settings: Settings, shown: Path) -> Tls:
    options = encrypted_options(settings)
    addresses = ", ".join(f"{option}={getattr(settings, option)}" for option in options)
    hosts = {getattr(settings, option).host for option in options}
    try:
        pair = make_up({*hosts, socket.gethostname(), "127.0.0.1"} - {"", "0.0.0.0", "::", None})
    except ConfigurationError as error:
        raise ConfigurationError(
            f"{addresses}: needs certificate_file and private_key_file, or keystore. {error.message}"
        ) from error
    logger.warning(
        "%s: there is no certificate_file and no keystore, so this server has made up a certificate, which is gone with it and"
        " which no client trusts. It is in %s",
        addresses,
        shown,
    )
    return Tls(shown, shown, lambda: pair)
