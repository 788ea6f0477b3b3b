"""An hour and a day: in, the registry, asked once a step; out, two rings, the latest snapshot, and what single workers did lately.

Made by `server.console`, ticked by `live`, read by `views`.
"""

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from servescope.console.history.host import (
    CGROUP_LIMIT,
    CGROUP_USED,
    CPU,
    CPU_SECONDS,
    GPU_BUSY,
    GPU_TOTAL,
    GPU_USED,
    HTTP,
    LAG,
    MEMORY,
    RESIDENT,
    SUMS,
    THROTTLED,
    host_sample,
)
from servescope.console.history.kept import (
    COUNTERS,
    DURATIONS,
    GAUGES,
    HISTOGRAMS,
    HOST,
    REQUESTS,
    STAGES,
    WORKERS,
    Sample,
    Track,
    reading,
)
from servescope.console.history.ring import Ring
from servescope.metrics.registry import Registry
from servescope.metrics.snapshot import Labels, Snapshot, take, taking

STEP_S: Final = 5.0
HOUR: Final = 720
MINUTES: Final = 12
DAY: Final = 1440
WINDOW_S: Final = 60.0

BUSY: Final = "servescope_worker_busy_seconds_total"
WORKER_CPU: Final = "servescope_worker_cpu_seconds_total"
WORKER_MEMORY: Final = "servescope_worker_memory_bytes"
WORKER_GPU: Final = "servescope_worker_gpu_memory_bytes"
# What is read besides, for what is true now.
_NOW: Final = (
    "servescope_queue_capacity", "servescope_in_flight_oldest_seconds", "servescope_workers_min", "servescope_workers_max",
    "servescope_slo_target_ratio", "servescope_slo_threshold_seconds", "servescope_model_info", "servescope_models_missing",
    "servescope_collector_success", "servescope_disk_used_bytes", "servescope_disk_available_bytes",
    "servescope_cgroup_cpu_limit_cores", "servescope_gpu_power_watts", "servescope_gpu_power_limit_watts",
    "servescope_gpu_temperature_celsius", "servescope_llm_finished_total", "servescope_autoscaler_input_age_seconds",
    "servescope_autoscaler_mode", "servescope_autoscaler_withheld_workers", "servescope_autoscaler_applied_workers",
    "MemoryUsed", "MemoryAvailable", WORKER_CPU, WORKER_MEMORY, WORKER_GPU, "servescope_worker_batch_seconds",
)  # fmt: skip
_HOST: Final = (
    CPU, MEMORY, CGROUP_USED, CGROUP_LIMIT, CPU_SECONDS, RESIDENT, THROTTLED, LAG, HTTP, *SUMS, GPU_BUSY, GPU_USED,
    GPU_TOTAL,
)  # fmt: skip
KEPT: Final = (REQUESTS, DURATIONS, STAGES, WORKERS, *COUNTERS, *HISTOGRAMS, *GAUGES, *_HOST)


class Memory:
    """See the module. `hostname`: this machine's. `wall`: seconds since 1970. `step_s`: how often it is asked."""

    def __init__(
        self, registry: Registry, hostname: str, wall: Callable[[], float] = time.time, step_s: float = STEP_S
    ) -> None:
        self._registry = registry
        self._hostname = hostname
        self.wall = wall
        self.step_s = step_s
        self.hour = Ring(step_s, HOUR)
        self.day = Ring(step_s * MINUTES, DAY)
        self._workers: deque[tuple[float, Mapping[Labels, float], Mapping[Labels, float]]] = deque(
            maxlen=round(WINDOW_S / STEP_S)
        )

    def tick(self) -> Iterator[None]:
        """One step, in slices of less than a millisecond. The recorder has settled."""
        snapshot = (yield from taking(self._registry, (*KEPT, WORKER_CPU), self.wall())).of_host(self._hostname)
        now: dict[Track, Sample] = {}
        for _ in reading(snapshot, now):
            yield
        now[HOST] = host_sample(snapshot)
        yield
        for ring in self.rings:
            yield from ring.taking(snapshot.at, now)
        self._workers.append((snapshot.at, numbers(snapshot, BUSY), numbers(snapshot, WORKER_CPU)))

    @property
    def rings(self) -> tuple[Ring, Ring]:
        """Both."""
        return self.hour, self.day

    def now(self) -> Snapshot:
        """All that is shown, at this moment. The recorder has settled."""
        return take(self._registry, (*KEPT, *_NOW), self.wall()).of_host(self._hostname)

    def worker_shares(self, snapshot: Snapshot, labels: Labels) -> tuple[float | None, float | None]:
        """What share of the last minute a worker was busy, and how many processors it used; None where that is not known yet."""
        if not self._workers:
            return None, None
        at, busy, cpu = self._workers[0]
        past = snapshot.at - at
        if past <= 0:
            return None, None
        used = _growth(numbers(snapshot, WORKER_CPU), cpu, labels, past)
        return _growth(numbers(snapshot, BUSY), busy, labels, past), used


def numbers(snapshot: Snapshot, name: str) -> Mapping[Labels, float]:
    """A family's counters or gauges by their labels' values; none where it is not shown."""
    family = snapshot.families.get(name)
    return {} if family is None else family.numbers


def _growth(now: Mapping[Labels, float], before: Mapping[Labels, float], labels: Labels, past: float) -> float | None:
    value = now.get(labels)
    return None if value is None else max(0.0, value - before.get(labels, 0.0)) / past
