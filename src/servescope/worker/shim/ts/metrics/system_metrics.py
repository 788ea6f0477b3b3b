"""`ts.metrics.system_metrics`: the host's metrics as TorchServe's script prints them. The server measures the host itself."""

import logging
import types

import psutil

from ts.metrics.dimension import Dimension
from ts.metrics.metric import Metric

MB = 1024**2
GB = 1024**3

system_metrics = []
dimension = [Dimension("Level", "Host")]


def cpu_utilization() -> None:
    """Of all processors, since the last call."""
    _measured("CPUUtilization", psutil.cpu_percent(), "percent")


def memory_used() -> None:
    """In MB."""
    _measured("MemoryUsed", psutil.virtual_memory().used / MB, "MB")


def memory_available() -> None:
    """In MB."""
    _measured("MemoryAvailable", psutil.virtual_memory().available / MB, "MB")


def memory_utilization() -> None:
    """In percent."""
    _measured("MemoryUtilization", psutil.virtual_memory().percent, "percent")


def disk_used() -> None:
    """Of the root file system, in GB."""
    _measured("DiskUsage", psutil.disk_usage("/").used / GB, "GB")


def disk_utilization() -> None:
    """Of the root file system, in percent."""
    _measured("DiskUtilization", psutil.disk_usage("/").percent, "percent")


def disk_available() -> None:
    """Of the root file system, in GB."""
    _measured("DiskAvailable", psutil.disk_usage("/").free / GB, "GB")


def gpu_utilization(num_of_gpu) -> None:
    """Memory and busy time of the first so many GPUs, through NVML."""
    if not num_of_gpu or num_of_gpu < 0:
        return
    import pynvml

    pynvml.nvmlInit()
    try:
        for number in range(min(num_of_gpu, pynvml.nvmlDeviceGetCount())):
            _measure_gpu(pynvml, number)
    finally:
        pynvml.nvmlShutdown()


def _measure_gpu(nvml, number):
    labels = [*dimension, Dimension("device_id", number)]
    device = nvml.nvmlDeviceGetHandleByIndex(number)
    memory = nvml.nvmlDeviceGetMemoryInfo(device)
    system_metrics.append(Metric("GPUMemoryUtilization", 100 * memory.used / memory.total, "percent", labels))
    system_metrics.append(Metric("GPUMemoryUsed", memory.used / MB, "MB", labels))
    try:
        busy = nvml.nvmlDeviceGetUtilizationRates(device).gpu
    except nvml.NVMLError_NotSupported:
        logging.error("GPU %d does not tell how busy it is", number)
        return
    system_metrics.append(Metric("GPUUtilization", busy, "percent", labels))


def _measured(name, value, unit):
    system_metrics.append(Metric(name, value, unit, dimension))


def collect_all(mod, num_of_gpu) -> None:
    """Call every measuring function of the module, and log what was measured, a line each, and an empty one."""
    for name, one in sorted(vars(mod).items()):
        if isinstance(one, types.FunctionType) and not name.startswith("_") and name not in ("collect_all", "log_msg"):
            one(*([num_of_gpu] if name == "gpu_utilization" else []))
    for metric in system_metrics:
        logging.info(str(metric))
    logging.info("")
