"""The machine: in, what is measured of host, container, GPUs and the server's own process; out, the overview's part about them."""

from typing import Any

from servescope.console.history.host import (
    CGROUP_LIMIT,
    CGROUP_USED,
    CPU,
    GPU_BUSY,
    GPU_TOTAL,
    GPU_USED,
    RESIDENT,
    memory_ratio,
    single,
)
from servescope.console.history.kept import HOST
from servescope.console.history.memory import WINDOW_S, Memory, numbers
from servescope.console.history.readings import last
from servescope.metrics.collectors.memory import MEGABYTE
from servescope.metrics.snapshot import Snapshot


def machine(memory: Memory, snapshot: Snapshot) -> dict[str, Any]:
    """Processor, memory, disks, and the front end's process."""
    recent = last(memory.hour, HOST, WINDOW_S)
    cpu = single(snapshot, CPU)
    cores = single(snapshot, "servescope_cgroup_cpu_limit_cores")
    return {
        "cpu_ratio": None if cpu is None else cpu / 100,
        "memory_ratio": memory_ratio(snapshot),
        **_memory(snapshot),
        "container_cpu_cores": cores,
        "throttled_ratio": None if cores is None else recent.rate(("throttled_s", "")),
        "disks": _disks(snapshot),
        "front_end": {
            "cpu_ratio": recent.rate(("cpu_s", "")),
            "memory_bytes": snapshot.number(RESIDENT),
            "loop_lag_p99_s": recent.quantile("lag", 0.99),
        },
    }


def _memory(snapshot: Snapshot) -> dict[str, Any]:
    """The container's where it has a limit."""
    limit = single(snapshot, CGROUP_LIMIT)
    if limit:
        return {
            "memory_used_bytes": single(snapshot, CGROUP_USED),
            "memory_limit_bytes": limit,
            "in_container": True,
        }
    used, free = (single(snapshot, name) for name in ("MemoryUsed", "MemoryAvailable"))
    return {
        "memory_used_bytes": None if used is None else used * MEGABYTE,
        "memory_limit_bytes": None if used is None or free is None else (used + free) * MEGABYTE,
        "in_container": False,
    }


def _disks(snapshot: Snapshot) -> list[dict[str, Any]]:
    left = numbers(snapshot, "servescope_disk_available_bytes")
    return [
        {
            "mount": key[0],
            "directories": key[1],
            "used_bytes": used,
            "available_bytes": left[key],
            "ratio": used / (used + left[key]) if used + left[key] else None,
        }
        for key, used in numbers(snapshot, "servescope_disk_used_bytes").items()
        if key in left
    ]


def gpus(snapshot: Snapshot) -> list[dict[str, Any]]:
    """Every GPU, or instance of one."""
    total = numbers(snapshot, GPU_TOTAL)
    return [
        {
            "device": key[0],
            "uuid": key[1],
            "name": key[2],
            "utilization_ratio": snapshot.number(GPU_BUSY, *key),
            "memory_used_bytes": snapshot.number(GPU_USED, *key),
            "memory_total_bytes": whole,
            "power_watts": snapshot.number("servescope_gpu_power_watts", *key),
            "power_limit_watts": snapshot.number("servescope_gpu_power_limit_watts", *key),
            "temperature_celsius": snapshot.number("servescope_gpu_temperature_celsius", *key),
        }
        for key, whole in total.items()
    ]
