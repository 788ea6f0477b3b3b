"""The workflows: whose nodes are models of `models`, and which go after these at the end."""

import asyncio

from servescope.server.beginning import Beginning
from servescope.server.composition import Part
from servescope.server.measuring import Measuring
from servescope.server.models import Models
from servescope.workflows.catalog import Workflows
from servescope.workflows.lifecycle import WorkflowLifecycle


class Flows(Part):
    """Gives `workflows`, which requests find them in, and the `lifecycle` that changes them."""

    def __init__(self, beginning: Beginning, measuring: Measuring, models: Models) -> None:
        self.workflows = Workflows()
        self.lifecycle = WorkflowLifecycle(
            self.workflows,
            models.lifecycle,
            models.catalog,
            measuring.recorder,
            beginning.settings,
            beginning.workspace,
        )

    async def close(self, hurry: asyncio.Event) -> None:  # noqa: ARG002
        """Remove their files."""
        await self.lifecycle.close()
