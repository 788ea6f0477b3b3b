"""What https:// addresses are encrypted with."""

import asyncio
import contextlib
import logging
import os
from collections.abc import Callable
from pathlib import Path

from servescope.config.settings.presented import presented_certificate
from servescope.errors import ConfigurationError
from servescope.server.beginning import Beginning
from servescope.server.composition import Part
from servescope.web.http.listening.tls import Tls, tls_of

logger = logging.getLogger("servescope.runtime")

LOOK_S = 2.0


class Certificates(Part):
    """Gives `tls`, None where no address is https://, and `renewed`, who is to be called when it was read again.

    Raises ConfigurationError as `tls_of`. A certificate that is in no PEM file is written to one, for commands to trust, as long
    as the server runs.
    """

    def __init__(self, beginning: Beginning) -> None:
        self.tls = tls_of(beginning.settings, beginning.environ)
        self.renewed: list[Callable[[], None]] = []
        shown = presented_certificate(beginning.settings, beginning.environ)
        # None where clients are shown what is in a PEM file already, or nothing is encrypted.
        self._shown = shown if shown != beginning.settings.certificate_file else None
        self._asked = asyncio.Event()
        self._watching: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Watch the files. Raises: ConfigurationError: a keystore that cannot be used."""
        if self.tls is not None:
            if self._shown is not None:
                await asyncio.to_thread(self.tls.reload)
                await asyncio.to_thread(_show, self.tls, self._shown)
            self._watching = asyncio.create_task(self._watch(self.tls), name="certificates")

    def reload(self) -> None:
        """Read them again, changed or not."""
        self._asked.set()

    async def _watch(self, tls: Tls) -> None:
        read = seen = await asyncio.to_thread(tls.stamp)
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._asked.wait(), LOOK_S)
            now = await asyncio.to_thread(tls.stamp)
            # A certificate and its key are replaced one after the other: they are read once they stay as they are.
            if self._asked.is_set() or (now == seen and now != read):
                self._asked.clear()
                read = now
                if await asyncio.to_thread(_renew, tls):
                    for tell in self.renewed:
                        tell()
                    if self._shown is not None:
                        await asyncio.to_thread(_show, tls, self._shown)
            seen = now

    async def close(self, hurry: asyncio.Event) -> None:  # noqa: ARG002
        """Watch them no more."""
        if self._watching is not None:
            self._watching.cancel()
        if self._shown is not None:
            with contextlib.suppress(OSError):
                self._shown.unlink()


def _show(tls: Tls, shown: Path) -> None:
    """Let commands on this machine see what clients are shown."""
    try:
        _replace(shown, tls.certificate_pem or b"")
    except OSError as error:
        logger.warning("%s cannot be written, so commands do not trust this server: %s", shown, error.strerror)


def _replace(path: Path, content: bytes) -> None:
    """Whoever reads it has the one before, or this one."""
    partial = path.with_name(f"{path.name}.{os.getpid()}")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    partial.replace(path)


def _renew(tls: Tls) -> bool:
    """Whether it could be read."""
    try:
        tls.reload()
    except ConfigurationError as error:
        logger.error("The certificate stays as it was: %s", error.message)
        return False
    logger.info("New connections get the certificate as it is now in %s", tls.certificate)
    return True
