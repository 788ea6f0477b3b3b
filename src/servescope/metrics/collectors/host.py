"""The collectors of a server, put together.

In: which of them, the host's name, the running workers and where to look. Out: collectors for `sampler`. Called by
`server`.
"""

import gc
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from servescope.config.settings import Settings
from servescope.config.values.collectors import COLLECTORS, SYSTEM_COLLECTORS
from servescope.metrics.collectors.cgroups.cgroup import CgroupCollector
from servescope.metrics.collectors.cpu import CpuCollector
from servescope.metrics.collectors.disks.disk import DiskCollector
from servescope.metrics.collectors.everywhere import Everywhere
from servescope.metrics.collectors.gpus.gpu import GpuCollector
from servescope.metrics.collectors.memory import MemoryCollector
from servescope.metrics.collectors.process import ProcessCollector
from servescope.metrics.collectors.reading import Collector
from servescope.metrics.collectors.workers import WorkersCollector
from servescope.metrics.recording.hosts import Found
from servescope.metrics.recording.processes import RemoteProcess, WorkerProcess

# Those that look at a host, each at its own.
HOST_COLLECTORS = ("cpu", "memory", "disk", "cgroup", "gpu")


def selected_collectors(settings: Settings) -> tuple[str, ...]:
    """The names of those that the options `collectors` and `disable_system_metrics` leave."""
    if settings.disable_system_metrics:
        return tuple(name for name in settings.collectors if name not in SYSTEM_COLLECTORS)
    return settings.collectors


def written_directories(settings: Settings, temporary: Path) -> dict[str, Path]:
    """Where the server puts models, logs and what it unpacks."""
    store = {"model_store": settings.model_store} if settings.model_store is not None else {}
    return {**store, "logs": settings.log_location, "temporary": temporary}


def host_collectors(
    hostname: str,
    names: Sequence[str] = COLLECTORS,
    running: Callable[[], Sequence[WorkerProcess]] = tuple,
    proc: Path = Path("/proc"),
    root: Path = Path("/"),
    directories: Mapping[str, Path] | None = None,
    elsewhere: Callable[[], Sequence[RemoteProcess]] = tuple,
    other_hosts: Callable[[], Mapping[str, Mapping[str, Found]]] = dict,
) -> list[Collector]:
    """Those of these names, in this order. `running` gives the workers, `elsewhere` those of other machines, `other_hosts` what is
    told of these machines; `proc` is the root of the proc file system, `root` that of the disk and of the mounts; `directories` are
    those that the server writes to. Raises KeyError for a name that is none.
    """
    make: dict[str, Callable[[], Collector]] = {
        "cpu": lambda: CpuCollector(hostname, proc),
        "memory": lambda: MemoryCollector(hostname, proc),
        "disk": lambda: DiskCollector(hostname, root, directories),
        "cgroup": lambda: CgroupCollector(hostname, proc, root),
        "gpu": lambda: GpuCollector(hostname, running, proc=proc),
        "process": lambda: ProcessCollector(gc.get_stats, proc),
        "workers": lambda: WorkersCollector(running, proc, elsewhere=elsewhere),
    }
    return [Everywhere(make[name](), other_hosts) if name in HOST_COLLECTORS else make[name]() for name in names]
