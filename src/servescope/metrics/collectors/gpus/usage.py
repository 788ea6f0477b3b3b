"""A GPU's last readings as TorchServe's description of a worker words them. Called by `web.management.model_reports`."""

from servescope.metrics.definitions import BY_NAME
from servescope.metrics.registry import Registry

_FAMILIES = ("GPUUtilization", "GPUMemoryUtilization", "GPUMemoryUsed")


def gpu_usage(registry: Registry, hostname: str, gpu_id: int) -> str:
    """`gpuId::0 utilization.gpu::…`; N/A where the GPU was not measured (yet)."""
    values = []
    for name in _FAMILIES:
        if name not in BY_NAME or registry.find(name) is None:
            return "N/A"
        series = registry.gauge(name).series.get(("Host", str(gpu_id), hostname))
        if series is None:
            return "N/A"
        values.append(series.value)
    busy, share, used = values
    return (
        f"gpuId::{gpu_id} utilization.gpu::{busy:.0f} % utilization.memory::{share:.0f} % memory.used::{used:.0f} MiB"
    )
