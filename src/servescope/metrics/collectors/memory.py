"""MemoryUsed, MemoryAvailable and MemoryUtilization of the host, from /proc/meminfo; psutil 7's figures.

In: /proc/meminfo. Out: three readings. Called by `sampler`.
"""

from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct

from servescope.metrics.collectors.reading import Reading

MEGABYTE = 1024**2


class Memory(Struct, frozen=True):
    """Bytes: all of it, and what processes could still get without swapping."""

    total: int
    available: int


class MemoryCollector:
    """The host's memory. `proc` is the root of the proc file system."""

    name = "memory"

    def __init__(self, hostname: str, proc: Path = Path("/proc")) -> None:
        self._labels = ("Host", hostname)
        self._meminfo = proc / "meminfo"

    def update(self) -> Iterable[Reading]:
        """Used and available in units of 1024² bytes, and the used share in percent."""
        memory = parse_meminfo(self._meminfo.read_text())
        used = memory.total - memory.available
        return [
            Reading("MemoryUsed", self._labels, used / MEGABYTE),
            Reading("MemoryAvailable", self._labels, memory.available / MEGABYTE),
            Reading("MemoryUtilization", self._labels, 100.0 * used / memory.total),
        ]


def parse_meminfo(text: str) -> Memory:
    """Total and available memory. Kernels before 3.14 have no MemAvailable: free, buffers and cache stand in for it.

    Raises ValueError where MemTotal is missing or 0.
    """
    kibibytes: dict[str, int] = {}
    for line in text.splitlines():
        key, _, rest = line.partition(":")
        number = rest.split()
        if number and number[0].isdecimal():
            kibibytes[key] = int(number[0])
    total = kibibytes.get("MemTotal", 0)
    if total == 0:
        raise ValueError("/proc/meminfo says no MemTotal")
    rough = sum(kibibytes.get(key, 0) for key in ("MemFree", "Buffers", "Cached"))
    available = min(total, kibibytes.get("MemAvailable", rough))
    return Memory(total=total * 1024, available=available * 1024)
