"""The models: the catalog that requests find them in, and the lifecycle that changes it."""

import asyncio
from collections.abc import Callable, Mapping
from itertools import count

from servescope.config.model.worker_counts import check_default_workers
from servescope.config.settings import Settings
from servescope.fleet.backends.chosen import ChosenBackend
from servescope.fleet.backends.process import ProcessBackend
from servescope.fleet.backends.ray.address import RayCluster
from servescope.fleet.capacity import may_poll, usable_cpus, usable_gpus
from servescope.fleet.gpus import GpuCounter
from servescope.fleet.oom import OomKills
from servescope.fleet.pool import PoolContext
from servescope.logs.model import ModelLog
from servescope.server.beginning import Beginning
from servescope.server.composition import Part
from servescope.server.measuring import Measuring
from servescope.server.processes import Processes
from servescope.serving.catalog import Catalog
from servescope.serving.lifecycle import Lifecycle
from servescope.serving.readiness.health import Health
from servescope.serving.readiness.survey import Surveyor
from servescope.serving.readiness.wanted import WantedModels
from servescope.serving.registration import Host


def ray_cluster(settings: Settings, environ: Mapping[str, str]) -> RayCluster:
    """How it is reached, where a model is to run there."""
    blacklist = settings.blacklist_env_vars
    pattern = blacklist.pattern if blacklist else ""
    return RayCluster(settings.ray_address, settings.ray_worker_address, pattern, environ, settings.ray_tls)


class Models(Part):
    """Gives `gpus`, how many workers are dealt, `catalog`, `wanted`, `health`, `surveyor` and `lifecycle`. `service` loads the
    first models, and ends all.
    """

    def __init__(self, beginning: Beginning, measuring: Measuring, processes: Processes) -> None:
        settings = beginning.settings
        cluster = ray_cluster(settings, beginning.environ)
        self._backend = ChosenBackend(ProcessBackend(processes.offspring), cluster, measuring.other_hosts)
        self.catalog = Catalog()
        self.wanted = WantedModels()
        measuring.recorder.models_missing(self.wanted.missing)
        self.health = Health(self.catalog, self.wanted)
        self.surveyor = Surveyor(self.catalog, self.wanted, self.health)
        cpus, self.gpus = usable_cpus(), usable_gpus(settings)
        check_default_workers(settings, cpus, self.gpus)
        self._model_log = ModelLog(_later, whole=settings.log_format == "json")
        host = Host(
            settings=settings,
            workspace=beginning.workspace,
            environ=beginning.environ,
            gpus=GpuCounter(self.gpus),
            cpus=cpus,
            recorder=measuring.recorder,
            pools=self._pools(settings, measuring),
            declarations=measuring.declarations,
            measuring=measuring.worker_measuring,
            run=processes.offspring.run,
            busy_poll=may_poll(settings),
        )
        self.lifecycle = Lifecycle(self.catalog, host, self.wanted)

    def _pools(self, settings: Settings, measuring: Measuring) -> PoolContext:
        return PoolContext(
            self._backend,
            measuring.recorder,
            measuring.pass_through,
            count(settings.initial_worker_port).__next__,
            self._model_log.line,
            OomKills().take,
        )

    async def close(self, hurry: asyncio.Event) -> None:  # noqa: ARG002
        """The workers have ended: what they said last is logged. Part from the cluster, if there is one."""
        self._model_log.flush()
        await self._backend.close()


def _later(seconds: float, act: Callable[[], None]) -> asyncio.TimerHandle:
    return asyncio.get_running_loop().call_later(seconds, act)
