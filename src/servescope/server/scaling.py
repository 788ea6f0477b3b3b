"""The autoscaler's loop."""

import asyncio
import time

from servescope.scaling.host import Host, collectors
from servescope.scaling.loop import ScalingLoop
from servescope.scaling.room import Rooms
from servescope.server.beginning import Beginning
from servescope.server.composition import Part
from servescope.server.measuring import Measuring
from servescope.server.models import Models


class Scaling(Part):
    """Gives `loop`. It looks from the start on, and no more once the models' end has begun."""

    def __init__(self, beginning: Beginning, measuring: Measuring, models: Models) -> None:
        running = measuring.recorder.workers.processes.snapshot
        host = Host(collectors(beginning.hostname, running, gpus=models.gpus > 0), time.monotonic)
        rooms = Rooms(measuring.registry, host, time.monotonic)
        self.loop = ScalingLoop(models.catalog, models.lifecycle.counts, rooms)

    async def start(self) -> None:
        """Begin to look."""
        self.loop.start()

    async def close(self, hurry: asyncio.Event) -> None:  # noqa: ARG002
        """Look no more."""
        await self.loop.stop()
