"""CPUUtilization: the busy share of the host's processor time since the last sample, from /proc/stat.

In: /proc/stat. Out: one reading. Called by `sampler`. (TorchServe's own figure covers its collector's start-up only;
contract, deliberate departures.)
"""

from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct

from servescope.metrics.collectors.reading import Reading


class CpuTimes(Struct, frozen=True):
    """Ticks since boot, over all processors."""

    busy: int
    total: int


class CpuCollector:
    """The host's processors. `proc` is the root of the proc file system."""

    name = "cpu"

    def __init__(self, hostname: str, proc: Path = Path("/proc")) -> None:
        self._labels = ("Host", hostname)
        self._stat = proc / "stat"
        self._last = CpuTimes(busy=0, total=0)  # so the first sample covers the time since boot
        self._percent = 0.0

    def update(self) -> Iterable[Reading]:
        """The share since the last update, in percent; where the clock has not ticked since, that of before."""
        now = parse_cpu_times(self._stat.read_text())
        passed = now.total - self._last.total
        if passed > 0:
            # iowait may run backwards (proc(5)), and busy time with it.
            self._percent = min(100.0, max(0.0, 100.0 * (now.busy - self._last.busy) / passed))
            self._last = now
        return [Reading("CPUUtilization", self._labels, self._percent)]


def parse_cpu_times(text: str) -> CpuTimes:
    """The first line of /proc/stat. Idle is idle and iowait; guest time is part of user already.

    Raises ValueError where there is no such line.
    """
    for line in text.splitlines():
        label, *fields = line.split()
        if label == "cpu":
            ticks = [int(field) for field in fields[:8]]
            if len(ticks) < 4:
                break
            total = sum(ticks)
            return CpuTimes(busy=total - sum(ticks[3:5]), total=total)
    raise ValueError("/proc/stat has no usable line `cpu`")
