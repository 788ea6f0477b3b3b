"""What https:// addresses are encrypted with."""

import asyncio
import contextlib
import logging
from collections.abc import Callable

from servescope.errors import ConfigurationError
from servescope.server.beginning import Beginning
from servescope.server.composition import Part
from servescope.web.http.listening.tls import Tls, tls_of

logger = logging.getLogger("servescope.runtime")

LOOK_S = 2.0


class Certificates(Part):
    """Gives `tls`, None where no address is https://, and `renewed`, who is to be called when it was read again.

    Raises ConfigurationError as `tls_of`.
    """

    def __init__(self, beginning: Beginning) -> None:
        self.tls = tls_of(beginning.settings)
        self.renewed: list[Callable[[], None]] = []
        self._asked = asyncio.Event()
        self._watching: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Watch the files."""
        if self.tls is not None:
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
            seen = now

    async def close(self, hurry: asyncio.Event) -> None:  # noqa: ARG002
        """Watch them no more."""
        if self._watching is not None:
            self._watching.cancel()


def _renew(tls: Tls) -> bool:
    """Whether it could be read."""
    try:
        tls.reload()
    except ConfigurationError as error:
        logger.error("The certificate stays as it was: %s", error.message)
        return False
    logger.info("New connections get the certificate as it is now in %s", tls.certificate)
    return True
