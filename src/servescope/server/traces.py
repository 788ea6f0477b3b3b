"""OpenTelemetry's spans, where they are wanted."""

import asyncio

from servescope.server.beginning import Beginning
from servescope.server.composition import Part
from servescope.tracing.setup import open_tracer


class Traces(Part):
    """Gives `tracer`, None where no spans are wanted."""

    def __init__(self, beginning: Beginning) -> None:
        self.tracer = open_tracer(beginning.settings, beginning.environ)

    async def close(self, hurry: asyncio.Event) -> None:  # noqa: ARG002
        """Send what is left."""
        if self.tracer is not None:
            await asyncio.to_thread(self.tracer.close)
