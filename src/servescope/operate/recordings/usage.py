"""Utilization and saturation of models, hosts and GPUs: in, the histograms' form; out, recordings of ratios from 0 to 1."""

from servescope.operate.promql import (
    Form,
    Recording,
    clamp_min,
    max_by,
    metric,
    quantile,
    rate,
    ratio,
    recent,
    sum_by,
)
from servescope.operate.recordings.levels import INSTANCE, INSTANCE_MODEL

_HOST = (*INSTANCE, "Hostname")
_GPU = (*_HOST, "device", "name")
_MOUNT = (*INSTANCE, "mount", "directories")


def usage_recordings(form: Form) -> tuple[Recording, ...]:
    """The USE recordings."""
    return (*_models(), *_hosts(form), *_gpus())


def _models() -> tuple[Recording, ...]:
    busy = sum_by(rate(metric("servescope_worker_busy_seconds_total"), "5m"), *INSTANCE_MODEL)
    wanted = max_by(recent(metric("servescope_workers_wanted")), *INSTANCE_MODEL)
    waiting = max_by(recent(metric("servescope_queue_depth")), *INSTANCE_MODEL)
    room = max_by(recent(metric("servescope_queue_capacity")), *INSTANCE_MODEL)
    return (
        Recording("instance_model:servescope_workers:utilization5m", ratio(busy, clamp_min(wanted, 1))),
        Recording("instance_model:servescope_queue:fill_ratio", ratio(waiting, room)),
    )


def _hosts(form: Form) -> tuple[Recording, ...]:
    """Memory is the cgroup's where there is a limit, and the host's elsewhere. Of several, as workers on Ray have, the fullest
    counts.
    """
    limit = max_by(recent(metric("servescope_cgroup_memory_limit_bytes")), *_HOST)
    within = ratio(max_by(recent(metric("servescope_cgroup_memory_bytes")), *_HOST), limit)
    host = max_by(recent(metric("MemoryUtilization")), *_HOST) / 100
    taken, left = (max_by(recent(metric(f"servescope_disk_{what}_bytes")), *_MOUNT) for what in ("used", "available"))
    throttled = rate(metric("servescope_cgroup_cpu_throttled_seconds_total"), "5m")
    return (
        Recording("instance:servescope_cpu:ratio", max_by(metric("CPUUtilization").now, *INSTANCE) / 100),
        Recording("instance:servescope_memory:ratio", max_by(within.or_else(host), *INSTANCE)),
        Recording("instance_mount:servescope_disk:ratio", ratio(taken, taken + left)),
        Recording("instance:servescope_cgroup_cpu_throttled:rate5m", sum_by(throttled, *INSTANCE)),
        Recording(
            "instance:servescope_event_loop_lag_seconds:p99_5m",
            quantile(0.99, metric("servescope_event_loop_lag_seconds"), "5m", INSTANCE, form),
        ),
    )


def _gpus() -> tuple[Recording, ...]:
    used = max_by(recent(metric("servescope_gpu_memory_used_bytes")), *_GPU)
    total = max_by(recent(metric("servescope_gpu_memory_total_bytes")), *_GPU)
    power = max_by(metric("servescope_gpu_power_watts").now, *_GPU)
    most = max_by(metric("servescope_gpu_power_limit_watts").now, *_GPU)
    return (
        Recording("instance_device:servescope_gpu_memory:ratio", ratio(used, total)),
        Recording(
            "instance_device:servescope_gpu_utilization:ratio",
            max_by(metric("servescope_gpu_utilization_ratio").now, *_GPU),
        ),
        Recording("instance_device:servescope_gpu_power:ratio", ratio(power, most)),
    )
