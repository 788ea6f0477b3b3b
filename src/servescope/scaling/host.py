"""What the machine has left for more workers: in, the kernel's files and NVML; out, `HostState`.

Read on a thread (`Host.look`), now and then while models are autoscaled, whatever collectors are switched off; the last state is
kept for `room`, and is not believed any more when it is old. What cannot be read is None, which bounds nothing.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from msgspec import Struct, field

from servescope.metrics.collectors.cgroups.cgroup import CgroupCollector
from servescope.metrics.collectors.gpus.gpu import GpuCollector
from servescope.metrics.collectors.memory import MEGABYTE, MemoryCollector
from servescope.metrics.collectors.reading import Collector, PartlyFailed, Reading
from servescope.metrics.recording.processes import WorkerProcess

logger = logging.getLogger("servescope.scaling")

EVERY_S: Final = 5.0
OFTEN_S: Final = 1.0  # where somebody scales by how busy GPUs are
BELIEVED: Final = 6  # times as long


class HostState(Struct, frozen=True):
    """Bytes and cores. `available`: what processes can still get of the machine, `left`: of the container's memory limit;
    `cores`: the container's limit. By GPU: how busy it is, a share of 1; free bytes; and bytes by model, version and worker.
    """

    available: float | None = None
    left: float | None = None
    cores: float | None = None
    busy: Mapping[str, float] = field(default_factory=dict)
    free: Mapping[str, float] = field(default_factory=dict)
    worker_bytes: Mapping[tuple[str, str, str], Mapping[str, float]] = field(default_factory=dict)


UNKNOWN: Final = HostState()


def collectors(hostname: str, running: Callable[[], Sequence[WorkerProcess]], *, gpus: bool) -> list[Collector]:
    """What there is to read; NVML only where workers are dealt GPUs."""
    found: list[Collector] = [MemoryCollector(hostname), CgroupCollector(hostname)]
    return [*found, GpuCollector(hostname, running)] if gpus else found


class Host:
    """`clock` is monotonic seconds."""

    def __init__(self, collectors: Sequence[Collector], clock: Callable[[], float]) -> None:
        self._collectors = collectors
        self._clock = clock
        self._state = UNKNOWN
        self._read_at = self._asked_at = -BELIEVED * EVERY_S
        self._failing: set[str] = set()
        self._reading: asyncio.Task[None] | None = None

    @property
    def state(self) -> HostState:
        """As it was lately; all of it not known where that is long ago."""
        return self._state if self._clock() - self._read_at < BELIEVED * EVERY_S else UNKNOWN

    def look(self, *, often: bool) -> None:
        """Have it read, if it is time, without waiting for that: one that hangs costs the numbers, not the loop."""
        due = self._clock() - self._asked_at >= (OFTEN_S if often else EVERY_S)
        if due and (self._reading is None or self._reading.done()):
            self._asked_at = self._clock()
            self._reading = asyncio.create_task(self._look())

    def close(self) -> None:
        """Wait for nothing that is being read."""
        if self._reading is not None:
            self._reading.cancel()

    async def _look(self) -> None:
        self._state = await asyncio.to_thread(self.read)
        self._read_at = self._clock()

    def read(self) -> HostState:
        """Read it now, which may take milliseconds. A collector that fails is left out, and logged once."""
        readings: list[Reading] = []
        for collector in self._collectors:
            try:
                readings += collector.update()
                self._failing.discard(collector.name)
            except PartlyFailed as error:
                readings += error.readings
            except Exception as error:
                if collector.name not in self._failing:
                    logger.warning("Autoscaler: %s cannot be read, and bounds nothing: %s", collector.name, error)
                self._failing.add(collector.name)
        return state_of(readings)


def state_of(readings: Iterable[Reading]) -> HostState:
    """What these readings say."""
    by_family: dict[str, dict[tuple[str, ...], float]] = {}
    for reading in readings:
        by_family.setdefault(reading.family, {})[reading.labels] = float(reading.value)
    available = _single(by_family, "MemoryAvailable")
    limit = _single(by_family, "servescope_cgroup_memory_limit_bytes")
    used = _single(by_family, "servescope_cgroup_memory_bytes")
    total = _by_device(by_family.get("servescope_gpu_memory_total_bytes", {}))
    taken = _by_device(by_family.get("servescope_gpu_memory_used_bytes", {}))
    workers: dict[tuple[str, str, str], dict[str, float]] = {}
    for (model, version, worker, device), size in by_family.get("servescope_worker_gpu_memory_bytes", {}).items():
        workers.setdefault((model, version, worker), {})[device] = size
    return HostState(
        available=None if available is None else available * MEGABYTE,
        left=None if limit is None or used is None else limit - used,
        cores=_single(by_family, "servescope_cgroup_cpu_limit_cores"),
        busy=_by_device(by_family.get("servescope_gpu_utilization_ratio", {})),
        free={device: total[device] - taken[device] for device in total if device in taken},
        worker_bytes=workers,
    )


def _single(families: Mapping[str, Mapping[tuple[str, ...], float]], name: str) -> float | None:
    """The value of a family that has one series at most."""
    return next(iter(families.get(name, {}).values()), None)


def _by_device(series: Mapping[tuple[str, ...], float]) -> dict[str, float]:
    return {labels[0]: value for labels, value in series.items()}
