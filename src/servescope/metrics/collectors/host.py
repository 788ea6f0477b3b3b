"""The collectors of a server, put together.

In: the host's name and where to look. Out: collectors for `sampler`. Called by `runtime`.
"""

from pathlib import Path

from servescope.metrics.collectors.cpu import CpuCollector
from servescope.metrics.collectors.disk import DiskCollector
from servescope.metrics.collectors.gpu import GpuCollector
from servescope.metrics.collectors.memory import MemoryCollector
from servescope.metrics.collectors.reading import Collector


def host_collectors(hostname: str, proc: Path = Path("/proc"), disk_root: Path = Path("/")) -> list[Collector]:
    """Processor, memory, disk and GPUs of this host."""
    return [
        CpuCollector(hostname, proc),
        MemoryCollector(hostname, proc),
        DiskCollector(hostname, disk_root),
        GpuCollector(hostname),
    ]
