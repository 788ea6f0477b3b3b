"""What a worker takes of its machine: in, its process; out, `Used`. Blocks; called on threads by `agent`."""

import socket

from servescope.metrics.collectors.gpus.gpu import GpuCollector
from servescope.metrics.collectors.reading import PartlyFailed, Reading
from servescope.metrics.collectors.workers import WorkersCollector
from servescope.metrics.recording.processes import WorkerProcess
from servescope.wire.agent import Used

_MEMORY = "servescope_worker_memory_bytes"
_CPU = "servescope_worker_cpu_seconds_total"
_GPU = "servescope_worker_gpu_memory_bytes"


class Usage:
    """Of the process with this id and its descendants. `gpus`: whether it has any."""

    def __init__(self, pid: int, *, gpus: bool) -> None:
        running = (WorkerProcess("", "", "", pid),)
        self._host = WorkersCollector(lambda: running)
        self._gpus = GpuCollector(socket.gethostname(), lambda: running) if gpus else None

    def look(self) -> Used | None:
        """None where the process has gone."""
        found = {reading.family: reading.value for reading in self._host.update()}
        if _MEMORY not in found or _CPU not in found:
            return None
        on_gpus = {one.labels[-1]: int(one.value) for one in self._look_at_gpus() if one.family == _GPU}
        return Used(int(found[_MEMORY]), found[_CPU], on_gpus)

    def _look_at_gpus(self) -> list[Reading]:
        """None where NVML fails: the collector of the host says so."""
        if self._gpus is None:
            return []
        try:
            return list(self._gpus.update())
        except PartlyFailed as error:
            return list(error.readings)
        except Exception:
            return []
