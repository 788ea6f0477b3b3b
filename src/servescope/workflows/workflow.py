"""A registered workflow: its archive, what it runs, and the requests that are on their way through it. Made by `lifecycle`."""

import asyncio
from dataclasses import dataclass, field

from servescope.archive.war.archive import WarArchive
from servescope.metrics.recording.workflows.recorder import WorkflowRecorder
from servescope.workflows.spec.spec import Spec

SEPARATOR = "__"


def model_name(workflow: str, node: str) -> str:
    """What the model of a node is registered as."""
    return f"{workflow}{SEPARATOR}{node}"


@dataclass(eq=False)
class Workflow:
    """`running`: the requests that have begun and are not over."""

    war: WarArchive
    spec: Spec
    recorder: WorkflowRecorder
    running: int = 0
    _rest: asyncio.Event | None = field(default=None, init=False)

    @property
    def name(self) -> str:
        """Its own."""
        return self.war.name

    def model_of(self, node: str) -> str:
        """The name of a node's model."""
        return model_name(self.name, node)

    def begun(self) -> None:
        """A request is on its way; `over` follows once."""
        self.running += 1

    def over(self) -> None:
        """One has its answer, or will have none."""
        self.running -= 1
        if not self.running and self._rest is not None:
            self._rest.set()

    async def at_rest(self) -> None:
        """Wait until no request is on its way."""
        self._rest = asyncio.Event()
        if self.running:
            await self._rest.wait()
