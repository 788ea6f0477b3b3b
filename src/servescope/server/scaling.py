"""The autoscaler's loop."""

import asyncio

from servescope.scaling.loop import ScalingLoop
from servescope.server.composition import Part
from servescope.server.models import Models


class Scaling(Part):
    """Gives `loop`. It looks from the start on, and no more once the models' end has begun."""

    def __init__(self, models: Models) -> None:
        self.loop = ScalingLoop(models.catalog, models.lifecycle.counts)

    async def start(self) -> None:
        """Begin to look."""
        self.loop.start()

    async def close(self, hurry: asyncio.Event) -> None:  # noqa: ARG002
        """Look no more."""
        await self.loop.stop()
