"""The processes that the server starts, from the first to the end of the last; and those that it is given as process 1."""

import asyncio

from servescope.fleet.offspring.family import Offspring
from servescope.fleet.offspring.orphans import Orphans, is_given_orphans
from servescope.server.beginning import Beginning
from servescope.server.composition import Part

LOOK_S = 1.0


class Processes(Part):
    """Gives `offspring`."""

    def __init__(self, beginning: Beginning) -> None:
        self.offspring = Offspring(beginning.workspace)
        self._reaping: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Have them watched, and reap what others leave to this process, if it is the one that gets it."""
        self.offspring.start()
        if is_given_orphans():
            self._reaping = asyncio.create_task(self._reap(), name="orphans")

    async def _reap(self) -> None:
        orphans = Orphans(self.offspring.__contains__)
        while True:
            await asyncio.sleep(LOOK_S)
            orphans.look()

    async def close(self, hurry: asyncio.Event) -> None:  # noqa: ARG002
        """End those that are left."""
        if self._reaping is not None:
            self._reaping.cancel()
        await self.offspring.close()
