"""How many workers this machine carries: its processors and GPUs, as far as this process may use them.

In: the settings, the system's files. Out: numbers for `server.models`, and for `cli.llm`, which asks before a start. What was asked
for and is not there is logged.
"""

import logging
import math
import os
from pathlib import Path

from servescope.config.model.worker_counts import most_workers
from servescope.config.settings import Settings
from servescope.metrics.collectors.cgroups.cgroup import cpu_limit_cores
from servescope.metrics.collectors.gpus.gpu import count_gpus

_FEWEST_TO_POLL = 2

logger = logging.getLogger("servescope.fleet")


def usable_gpus(settings: Settings) -> int:
    """How many GPUs workers are dealt: those that there are, at most `number_of_gpu`."""
    if settings.number_of_gpu == 0:
        return 0
    found, asked = count_gpus(), settings.number_of_gpu
    if asked is None or asked == found:
        return found
    if asked > found:
        logger.warning("number_of_gpu=%d: %d are used, as there are no more", asked, found)
    return min(found, asked)


def usable_cpus(proc: Path = Path("/proc"), root: Path = Path("/")) -> int:
    """How many processors this process may use: those of its affinity, at most as many as its cgroup's quota has cores, rounded up.

    `proc` is the root of the proc file system, `root` that of the mounts it lists.
    """
    allowed = len(os.sched_getaffinity(0))
    try:
        quota = cpu_limit_cores(proc, root)
    except (ValueError, OSError) as error:
        logger.warning(
            "The cgroup's processor quota cannot be read, and %d processors are counted on: %s", allowed, error
        )
        return allowed
    if quota is None or (cores := max(1, math.ceil(quota))) >= allowed:
        return allowed
    logger.info("Processors: %d, by the cgroup's quota of %g; this process may run on %d", cores, quota, allowed)
    return cores


def may_poll(settings: Settings, proc: Path = Path("/proc"), root: Path = Path("/")) -> bool:
    """Whether processes may wait awake for what comes next (`wire.quickness`): where there are other processors for others, and no
    cgroup's quota that this time would be taken from. `proc` and `root` as for `usable_cpus`.
    """
    if not settings.worker_busy_poll or len(os.sched_getaffinity(0)) < _FEWEST_TO_POLL:
        return False
    try:
        return cpu_limit_cores(proc, root) is None
    except (ValueError, OSError):  # `usable_cpus` has told of it
        return False


def most_workers_here(settings: Settings) -> int:
    """How many workers a model version may have on this machine."""
    return most_workers(settings, usable_cpus(), usable_gpus(settings))
