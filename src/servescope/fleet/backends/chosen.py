"""The backend of each model: processes here, or Ray where its launch plan says so. Made by `server.models`.

What has to do with Ray is imported when a worker is first wanted there: a server without pays nothing for it.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from servescope.fleet.backends.process import ProcessBackend
from servescope.fleet.backends.ray.address import RayCluster
from servescope.fleet.launch import LaunchPlan, WorkerEvents, WorkerLink
from servescope.metrics.recording.hosts import OtherHosts

if TYPE_CHECKING:
    from servescope.fleet.backends.ray.backend import RayBackend


class ChosenBackend:
    """Passes launches on."""

    def __init__(self, process: ProcessBackend, cluster: RayCluster, hosts: OtherHosts) -> None:
        self._process = process
        self._cluster = cluster
        self._hosts = hosts
        self._ray: RayBackend | None = None

    async def launch(self, plan: LaunchPlan, directory: Path, events: WorkerEvents) -> WorkerLink:
        """See `Backend`."""
        if plan.ray is None:
            return await self._process.launch(plan, directory, events)
        if self._ray is None:
            from servescope.fleet.backends.ray.backend import RayBackend

            self._ray = RayBackend(self._cluster, self._hosts)
        return await self._ray.launch(plan, directory, events)

    async def close(self) -> None:
        """No worker is left: part from the cluster, if there is one."""
        if self._ray is not None:
            await self._ray.close()
