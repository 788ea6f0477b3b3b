"""GPUUtilization, GPUMemoryUsed and GPUMemoryUtilization of each GPU, from NVML; no CUDA context is made.

In: nvidia-ml-py's module. Out: up to three readings a device; none where there is no NVML library, which is no
failure. Called by `sampler`. (TorchServe's GPUMemoryUtilization is the share of time with memory traffic; here it is
used / total.)
"""

import importlib
import logging
from collections.abc import Callable, Iterable
from typing import Any

from servescope.metrics.collectors.reading import Reading

logger = logging.getLogger(__name__)
MEGABYTE = 1024**2


def load_nvml() -> Any:
    """nvidia-ml-py's module, imported on first use."""
    return importlib.import_module("pynvml")


def count_gpus(load: Callable[[], Any] = load_nvml) -> int:
    """How many GPUs there are; 0 where NVML, or its driver, is missing or fails."""
    nvml = load()
    try:
        nvml.nvmlInit()
        return int(nvml.nvmlDeviceGetCount())
    except nvml.NVMLError as error:
        logger.info("no GPU is used: %s", error)
        return 0


class GpuCollector:
    """The GPUs that NVML knows, by index. `load` gives the module; it is called on the first update, off the loop's
    thread.
    """

    name = "gpu"

    def __init__(self, hostname: str, load: Callable[[], Any] = load_nvml) -> None:
        self._hostname = hostname
        self._load = load
        self._nvml: Any = None
        self._devices: list[tuple[str, Any]] = []
        self._absent = False

    def update(self) -> Iterable[Reading]:
        """Every device's readings; a figure that a device does not have (MIG, vGPU) is left out. Raises NVML's
        errors.
        """
        if self._absent:
            return []
        if self._nvml is None and not self._open():
            return []
        return [reading for index, device in self._devices for reading in self._read(index, device)]

    def _open(self) -> bool:
        """Start NVML and find the devices; False, for good, on a machine without its library or driver."""
        nvml = self._load()
        try:
            nvml.nvmlInit()
        except (nvml.NVMLError_LibraryNotFound, nvml.NVMLError_DriverNotLoaded) as error:
            logger.info("no GPU is measured: %s", error)
            self._absent = True
            return False
        count = nvml.nvmlDeviceGetCount()
        self._devices = [(str(index), nvml.nvmlDeviceGetHandleByIndex(index)) for index in range(count)]
        self._nvml = nvml
        return True

    def _read(self, index: str, device: Any) -> list[Reading]:
        nvml = self._nvml
        labels = ("Host", index, self._hostname)
        readings = []
        try:
            memory = nvml.nvmlDeviceGetMemoryInfo(device)
            readings += memory_readings(labels, used=memory.used, total=memory.total)
        except nvml.NVMLError_NotSupported:
            pass  # unified memory: the device has none of its own
        try:
            busy = float(nvml.nvmlDeviceGetUtilizationRates(device).gpu)
            readings.append(Reading("GPUUtilization", labels, busy))
        except nvml.NVMLError_NotSupported:
            pass  # a device in MIG mode has no rate as a whole
        return readings


def memory_readings(labels: tuple[str, ...], *, used: int, total: int) -> list[Reading]:
    """A device's memory, from bytes to units of 1024² bytes and percent."""
    return [
        Reading("GPUMemoryUsed", labels, used / MEGABYTE),
        Reading("GPUMemoryUtilization", labels, 100.0 * used / total if total else 0.0),
    ]
