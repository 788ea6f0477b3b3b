"""The models: the catalog that requests find them in, and the lifecycle that changes it."""

import asyncio
import os
from collections.abc import Mapping
from itertools import count

from servescope.config.model.worker_counts import check_default_workers, most_workers
from servescope.config.settings import Settings
from servescope.fleet.backends.chosen import ChosenBackend
from servescope.fleet.backends.process import ProcessBackend
from servescope.fleet.backends.ray.address import RayCluster
from servescope.fleet.gpus import GpuCounter
from servescope.fleet.launch import Backend
from servescope.fleet.oom import OomKills
from servescope.fleet.pool import PoolContext
from servescope.logs.model import model_line
from servescope.metrics.collectors.gpus.gpu import count_gpus
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


def usable_gpus(settings: Settings) -> int:
    """How many GPUs workers are dealt: those that there are, at most `number_of_gpu`."""
    if settings.number_of_gpu == 0:
        return 0
    found = count_gpus()
    return found if settings.number_of_gpu is None else min(found, settings.number_of_gpu)


def most_workers_here(settings: Settings) -> int:
    """How many workers a model version may have on this machine."""
    return most_workers(settings, usable_cpus(), usable_gpus(settings))


def usable_cpus() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0))


def ray_cluster(settings: Settings, environ: Mapping[str, str]) -> RayCluster:
    """How it is reached, where a model is to run there."""
    blacklist = settings.blacklist_env_vars
    return RayCluster(
        settings.ray_address, settings.ray_worker_address, blacklist.pattern if blacklist else "", environ
    )


def _pools(backend: Backend, measuring: Measuring, first_number: int) -> PoolContext:
    """What all pools share."""
    numbers = count(first_number)
    return PoolContext(
        backend, measuring.recorder, measuring.pass_through, lambda: next(numbers), model_line, OomKills().take
    )


class Models(Part):
    """Gives `catalog`, `wanted`, `health`, `surveyor` and `lifecycle`. `service` loads the first models, and ends all."""

    def __init__(self, beginning: Beginning, measuring: Measuring, processes: Processes) -> None:
        settings = beginning.settings
        self._backend = ChosenBackend(ProcessBackend(processes.offspring), ray_cluster(settings, beginning.environ))
        self.catalog = Catalog()
        self.wanted = WantedModels()
        measuring.recorder.models_missing(self.wanted.missing)
        self.health = Health(self.catalog, self.wanted)
        self.surveyor = Surveyor(self.catalog, self.wanted, self.health)
        cpus, gpus = usable_cpus(), usable_gpus(settings)
        check_default_workers(settings, cpus, gpus)
        host = Host(
            settings=settings,
            workspace=beginning.workspace,
            environ=beginning.environ,
            gpus=GpuCounter(gpus),
            cpus=cpus,
            recorder=measuring.recorder,
            pools=_pools(self._backend, measuring, settings.initial_worker_port),
            declarations=measuring.declarations,
            measuring=measuring.worker_measuring,
            run=processes.offspring.run,
        )
        self.lifecycle = Lifecycle(self.catalog, host, self.wanted)

    async def close(self, hurry: asyncio.Event) -> None:  # noqa: ARG002
        """Part from the cluster, if there is one."""
        await self._backend.close()
