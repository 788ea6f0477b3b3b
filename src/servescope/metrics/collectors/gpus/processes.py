"""GPU memory of each worker: in, NVML's processes of a device and the running workers; out, readings.

Called by `gpu`. A process is found by its id, so in a container whose driver tells the host's ids nothing is found.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from servescope.metrics.collectors.gpus.device import Part
from servescope.metrics.collectors.gpus.nvml import Nvml
from servescope.metrics.collectors.process_table import owner_of, read_process
from servescope.metrics.collectors.reading import Reading
from servescope.metrics.recording.processes import WorkerProcess

# Structures of the answer: version 3 since driver 510.
_PROCESSES = ("nvmlDeviceGetComputeRunningProcesses_v3", "nvmlDeviceGetComputeRunningProcesses_v2")


def worker_readings(
    nvml: Nvml, parts: Sequence[Part], workers: Mapping[int, WorkerProcess], proc: Path
) -> list[Reading]:
    """Memory of the workers' processes and their descendants on these devices; `workers` are by process id."""
    readings = []
    for part in parts if workers else ():
        used: dict[WorkerProcess, int] = {}
        for process in nvml.ask_either(_PROCESSES, part.handle) or ():
            owner = owner_of(process.pid, lambda pid: read_process(proc, pid), workers)
            # Without the right to know it, the driver tells no size.
            if owner is not None and process.usedGpuMemory is not None:
                worker = workers[owner]
                used[worker] = used.get(worker, 0) + process.usedGpuMemory
        readings += [
            Reading("servescope_worker_gpu_memory_bytes", (*worker.labels, part.device), size)
            for worker, size in used.items()
        ]
    return readings
