"""The GPUs, from NVML: utilization, memory, power, temperature, clocks, energy, errors, and memory of each worker.

In: nvidia-ml-py's module and the running workers. Out: readings; none where there is no NVML library or driver, which
is no failure. Called by `sampler`. (TorchServe's GPUMemoryUtilization is the share of time with memory traffic; here
it is used / total.)
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from servescope.metrics.collectors.gpus.device import device_readings, instances_of, part_of
from servescope.metrics.collectors.gpus.nvml import Nvml, load_nvml
from servescope.metrics.collectors.gpus.processes import worker_readings
from servescope.metrics.collectors.reading import PartlyFailed, Reading
from servescope.metrics.recording.processes import WorkerProcess

logger = logging.getLogger(__name__)


def count_gpus(load: Callable[[], Any] = load_nvml) -> int:
    """How many GPUs there are; 0 where NVML, or its driver, is missing or fails."""
    nvml = load()
    try:
        nvml.nvmlInit()
        try:
            return int(nvml.nvmlDeviceGetCount())
        finally:
            nvml.nvmlShutdown()  # NVML counts its users, and the collector must be able to start it anew
    except nvml.NVMLError as error:
        logger.info("no GPU is used: %s", error)
        return 0


class GpuCollector:
    """The GPUs that NVML knows, by index. `running` gives the workers. `load` gives the module; it is called on the
    first update, off the loop's thread.
    """

    name = "gpu"

    def __init__(
        self,
        hostname: str,
        running: Callable[[], Sequence[WorkerProcess]] = tuple,
        load: Callable[[], Any] = load_nvml,
        proc: Path = Path("/proc"),
    ) -> None:
        self._hostname = hostname
        self._running = running
        self._load = load
        self._proc = proc
        self._nvml: Nvml | None = None
        self._absent = False
        self._worked = False

    def update(self) -> Iterable[Reading]:
        """Every device's readings; a figure that a device does not have (MIG, vGPU) is left out.

        Raises PartlyFailed where some devices fail, and NVML's errors where it fails as a whole; NVML is started anew
        then at the next update, as after its driver was loaded anew.
        """
        nvml = self._nvml = self._nvml or self._open()
        if nvml is None:
            return []
        workers = {worker.pid: worker for worker in self._running()}
        readings: list[Reading] = []
        failures: list[str] = []
        try:
            count = int(nvml.module.nvmlDeviceGetCount())
            for index in range(count):
                try:
                    readings += self._read(nvml, index, workers)
                except nvml.error as error:
                    failures.append(f"GPU {index}: {error}")
        except nvml.error:
            self._close(nvml)
            raise
        if failures:
            if len(failures) == count:
                self._close(nvml)
            raise PartlyFailed(readings, "; ".join(failures))
        return readings

    def _read(self, nvml: Nvml, index: int, workers: Mapping[int, WorkerProcess]) -> list[Reading]:
        """One device, found anew each time: MIG instances come and go."""
        gpu = part_of(nvml, str(index), nvml.module.nvmlDeviceGetHandleByIndex(index), self._hostname)
        instances = instances_of(nvml, gpu)
        parts = [gpu] if instances is None else instances
        return [
            *device_readings(nvml, gpu, instances),
            *worker_readings(nvml, parts, workers, self._proc),
        ]

    def _open(self) -> Nvml | None:
        """Start NVML. None on a machine without its library, for good, or whose driver was never there; raises
        NVML's errors otherwise.
        """
        if self._absent:
            return None
        module = self._load()
        try:
            module.nvmlInit()
        except module.NVMLError_LibraryNotFound as error:
            logger.info("no GPU is measured: %s", error)
            self._absent = True
            return None
        except module.NVMLError_DriverNotLoaded:
            if self._worked:
                raise
            return None
        self._worked = True
        return Nvml(module)

    def _close(self, nvml: Nvml) -> None:
        self._nvml = None
        try:
            nvml.module.nvmlShutdown()
        except nvml.error as error:
            logger.debug("NVML did not shut down: %s", error)
