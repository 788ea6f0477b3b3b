"""What the console is made of, and what it does from its opening to its end. In: the parts that it shows. Made by `console`."""

import asyncio
import logging
import time

from servescope.console.access.hosts import Hosts
from servescope.console.access.visitor import Door
from servescope.console.api import ConsoleApi, Parts
from servescope.console.bundle import Bundle
from servescope.console.changes import Changes
from servescope.console.history.file import packing, read, write
from servescope.console.history.memory import Memory
from servescope.console.live import MOST_STREAMS, Live
from servescope.console.views.overview import Overview, Sources
from servescope.server.beginning import Beginning
from servescope.server.http.tokens import Tokens
from servescope.server.measuring import Measuring
from servescope.server.models import Models
from servescope.server.scaling import Scaling

logger = logging.getLogger("servescope.console")

KEPT_EVERY_S = 300.0
LAST_WRITE_S = 5.0


class OpenedConsole:
    """`handler` answers its requests; `part` tells every open page something."""

    def __init__(
        self, beginning: Beginning, measuring: Measuring, models: Models, scaling: Scaling, tokens: Tokens
    ) -> None:
        settings = beginning.settings
        memory = Memory(measuring.registry, beginning.hostname)
        self._sources = Sources(
            settings, beginning.hostname, models.catalog, models.health, memory, scaling.loop.report, time.time()
        )
        overview = Overview(self._sources, lambda: {"open": self._live.open, "most": MOST_STREAMS})
        self._live = Live(memory, measuring.recorder.settle, overview.document, overview.attend)
        self._keeping: asyncio.Task[None] | None = None
        self._file = settings.console_history_file
        hosts = Hosts(settings.metrics_address, settings.console_hosts)
        self.handler = ConsoleApi(
            Parts(
                sources=self._sources,
                overview=overview,
                live=self._live,
                bundle=Bundle(),
                hosts=hosts,
                door=Door(tokens.authority, hosts, f"servescope-console-{settings.metrics_address.port}"),
                changes=Changes(models.lifecycle, model_api=settings.enable_model_api),
            )
        )

    async def start(self) -> None:
        """Begin to remember, with what was kept before."""
        if self._file is not None:
            await asyncio.to_thread(read, self._file, self._sources.memory.rings)
            self._keeping = asyncio.create_task(self._keep(), name="console history")
        self._live.start()

    def part(self, words: str) -> None:
        """Tell every open page, which is closed with that."""
        self._live.part(words)

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(KEPT_EVERY_S)
            await self._write()

    async def _write(self) -> None:
        """What cannot be written is said, and tried again."""
        assert self._file is not None
        try:
            await asyncio.to_thread(write, self._file, await self._packed())
        except OSError as error:
            logger.warning("console_history_file=%s cannot be written: %s", self._file, error)

    async def _packed(self) -> list[bytes]:
        """Again, where the rings took a step meanwhile: there are seconds until the next."""
        while True:
            steps = packing(self._sources.memory.rings)
            try:
                while True:
                    next(steps)
                    await asyncio.sleep(0)
            except StopIteration as end:
                pieces: list[bytes] | None = end.value
                if pieces is not None:
                    return pieces

    async def close(self) -> None:
        """Remember no more, but in the file; a file system that hangs is not waited for."""
        await self._live.stop()
        if self._keeping is not None:
            self._keeping.cancel()
            try:
                await asyncio.wait_for(self._write(), LAST_WRITE_S)
            except TimeoutError:
                logger.warning("console_history_file=%s takes longer than %g s to write", self._file, LAST_WRITE_S)
