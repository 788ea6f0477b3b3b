"""One GPU's readings: TorchServe's three, this project's own, and those of its MIG instances.

In: a device's handle. Out: readings, and `Part`s, the devices that processes run on. Called by `gpu`.
"""

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from servescope.metrics.collectors.gpus.nvml import Nvml
from servescope.metrics.collectors.reading import Reading

MEGABYTE = 1024**2
_PERCENT = 100.0
_MILLI = 1e-3
_MEGA = 1e6
_TEMPERATURES = ("nvmlDeviceGetTemperatureV", "nvmlDeviceGetTemperature")


class Part(Struct, frozen=True):
    """A device with memory of its own: a GPU, or a MIG instance of one. `device` is `0`, or `0:1` for GPU 0's MIG
    device 1, as the container toolkit has it.
    """

    device: str
    handle: Any
    uuid: str
    name: str
    hostname: str

    @property
    def labels(self) -> tuple[str, str, str, str]:
        """Its values of device, uuid, name and Hostname."""
        return (self.device, self.uuid, self.name, self.hostname)


def part_of(nvml: Nvml, device: str, handle: Any, hostname: str) -> Part:
    """The device with its uuid and name; a MIG instance's name ends with its profile."""
    uuid, name = nvml.ask("nvmlDeviceGetUUID", handle), nvml.ask("nvmlDeviceGetName", handle)
    return Part(device, handle, uuid or "", name or "", hostname)


def instances_of(nvml: Nvml, gpu: Part) -> list[Part] | None:
    """The GPU's MIG instances; None where it is not in MIG mode."""
    mode = nvml.ask("nvmlDeviceGetMigMode", gpu.handle)
    if mode is None or not mode[0]:
        return None
    most = nvml.ask("nvmlDeviceGetMaxMigDeviceCount", gpu.handle) or 0
    handles = ((index, nvml.ask("nvmlDeviceGetMigDeviceHandleByIndex", gpu.handle, index)) for index in range(most))
    found = ((f"{gpu.device}:{index}", handle) for index, handle in handles if handle is not None)
    return [part_of(nvml, device, handle, gpu.hostname) for device, handle in found]


def device_readings(nvml: Nvml, gpu: Part, instances: list[Part] | None) -> Iterator[Reading]:
    """All figures that the GPU has. In MIG mode its memory is that of its instances, and it is not utilized as a
    whole.
    """
    memory = nvml.ask("nvmlDeviceGetMemoryInfo", gpu.handle)
    busy = nvml.ask("nvmlDeviceGetUtilizationRates", gpu.handle)
    host = ("Host", gpu.device, gpu.hostname)
    if memory is not None:
        yield from memory_readings(host, used=memory.used, total=memory.total)
    if busy is not None:
        yield Reading("GPUUtilization", host, float(busy.gpu))
        yield Reading("servescope_gpu_utilization_ratio", gpu.labels, busy.gpu / _PERCENT)
    if instances is None:
        yield from _memory(gpu, memory)
    for part in instances or ():
        yield from _memory(part, nvml.ask("nvmlDeviceGetMemoryInfo", part.handle))
    yield from _board(nvml, gpu)


def memory_readings(labels: tuple[str, ...], *, used: int, total: int) -> list[Reading]:
    """A device's memory as TorchServe's families have it, from bytes to units of 1024² bytes and percent."""
    return [
        Reading("GPUMemoryUsed", labels, used / MEGABYTE),
        Reading("GPUMemoryUtilization", labels, _PERCENT * used / total if total else 0.0),
    ]


def _memory(part: Part, memory: Any) -> Iterator[Reading]:
    if memory is not None:  # a GPU that shares the host's memory has none of its own
        yield Reading("servescope_gpu_memory_used_bytes", part.labels, memory.used)
        yield Reading("servescope_gpu_memory_total_bytes", part.labels, memory.total)


def _board(nvml: Nvml, gpu: Part) -> Iterator[Reading]:
    """What belongs to the whole chip, MIG or not. NVML's units are milliwatts, millijoules and megahertz."""
    module, handle = nvml.module, gpu.handle
    errors = (module.NVML_MEMORY_ERROR_TYPE_UNCORRECTED, module.NVML_VOLATILE_ECC)
    figures = (
        ("power_watts", nvml.ask("nvmlDeviceGetPowerUsage", handle), _MILLI),
        ("power_limit_watts", nvml.ask("nvmlDeviceGetEnforcedPowerLimit", handle), _MILLI),
        ("temperature_celsius", nvml.ask_either(_TEMPERATURES, handle, module.NVML_TEMPERATURE_GPU), 1.0),
        ("sm_clock_hertz", nvml.ask("nvmlDeviceGetClockInfo", handle, module.NVML_CLOCK_SM), _MEGA),
        ("energy_joules_total", nvml.ask("nvmlDeviceGetTotalEnergyConsumption", handle), _MILLI),
        ("ecc_errors_total", nvml.ask("nvmlDeviceGetTotalEccErrors", handle, *errors), 1.0),
    )
    for name, value, unit in figures:
        if value is not None:
            yield Reading(f"servescope_gpu_{name}", gpu.labels, value * unit)
