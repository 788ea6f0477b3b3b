"""What is kept of the machine and of the server's own process: in, a snapshot; out, the sample of the track HOST.

Called by `memory` for every step.
"""

import re
from collections.abc import Mapping
from typing import Final

from servescope.console.history.kept import REQUESTS, Sample, put
from servescope.findings.quantities import PREDICTION_PATHS
from servescope.metrics.snapshot import FamilyState, Snapshot

CPU: Final = "CPUUtilization"
MEMORY: Final = "MemoryUtilization"
CGROUP_USED: Final = "servescope_cgroup_memory_bytes"
CGROUP_LIMIT: Final = "servescope_cgroup_memory_limit_bytes"
CPU_SECONDS: Final = "process_cpu_seconds_total"
RESIDENT: Final = "process_resident_memory_bytes"
THROTTLED: Final = "servescope_cgroup_cpu_throttled_seconds_total"
LAG: Final = "servescope_event_loop_lag_seconds"
HTTP: Final = "servescope_http_requests_total"
GPU_BUSY: Final = "servescope_gpu_utilization_ratio"
GPU_USED: Final = "servescope_gpu_memory_used_bytes"
GPU_TOTAL: Final = "servescope_gpu_memory_total_bytes"

# By family: the column that it is summed in, and the label that it is summed by.
SUMS: Final = {
    "servescope_front_end_restarts_total": ("front_end_restarts", ""),
    "servescope_series_dropped_total": ("dropped", "family"),
    "servescope_log_lost_lines_total": ("lost_lines", "log"),
}
_PREDICTIONS: Final = re.compile(PREDICTION_PATHS)


def host_sample(snapshot: Snapshot) -> Sample:
    """The machine now."""
    sample = Sample()
    families, counters, gauges = snapshot.families, sample.counters, sample.gauges
    for column, value in _gauges(snapshot).items():
        if value is not None:
            gauges[column, ""] = value
    counters["cpu_s", ""] = snapshot.number(CPU_SECONDS) or 0.0
    counters["throttled_s", ""] = single(snapshot, THROTTLED) or 0.0
    if (lag := snapshot.histogram(LAG)) is not None:
        put(sample, "lag", lag)
    if HTTP in families:
        _count_predictions(families[HTTP], counters)
    if REQUESTS in families:
        counters["own_not_found", ""] = _own_not_found(families[REQUESTS])
    for name, (column, label) in SUMS.items():
        if (family := families.get(name)) is not None:
            for values, value in family.numbers.items():
                counters[column, values[family.place(label)] if label else ""] += value
    for name, device, value in _gpus(families):
        gauges[name, device] = value
    return sample


def _gauges(snapshot: Snapshot) -> dict[str, float | None]:
    cpu = single(snapshot, CPU)
    return {
        "cpu": None if cpu is None else cpu / 100,
        "memory": memory_ratio(snapshot),
        "resident": snapshot.number(RESIDENT),
    }


def single(snapshot: Snapshot, name: str) -> float | None:
    """The first series of a family that has one, whatever its labels say."""
    family = snapshot.families.get(name)
    return None if family is None else next(iter(family.numbers.values()), None)


def memory_ratio(snapshot: Snapshot) -> float | None:
    """Of the container's limit where there is one, and of the machine elsewhere; as the recording rules have it."""
    used, limit = single(snapshot, CGROUP_USED), single(snapshot, CGROUP_LIMIT)
    if used is not None and limit:
        return used / limit
    machine = single(snapshot, MEMORY)
    return None if machine is None else machine / 100


def _count_predictions(family: FamilyState, counters: dict[tuple[str, str | float], float]) -> None:
    listener, path, code = map(family.place, ("listener", "path", "code"))
    for values, value in family.numbers.items():
        if values[listener] == "inference" and _PREDICTIONS.fullmatch(values[path]):
            counters["predictions", ""] += value
            if values[code] == "404":
                counters["not_found", ""] += value


def _own_not_found(family: FamilyState) -> float:
    """404 by models that there are, without what workflows asked of them, which came by no port."""
    code, transport = map(family.place, ("code", "transport"))
    numbers = family.numbers.items()
    return sum(value for values, value in numbers if values[code] == "404" and values[transport] != "workflow")


def _gpus(families: Mapping[str, FamilyState]) -> list[tuple[str, str, float]]:
    found = []
    if GPU_BUSY in families:
        found += [("gpu", values[0], value) for values, value in families[GPU_BUSY].numbers.items()]
    if GPU_USED in families and GPU_TOTAL in families:
        totals = families[GPU_TOTAL].numbers
        used = families[GPU_USED].numbers.items()
        found += [("gpu_memory", values[0], value / totals[values]) for values, value in used if totals.get(values)]
    return found
