"""The front end's own process, under the names that Prometheus' client libraries agree on; memory of any process.

In: /proc/self, /proc/stat and the garbage collector's figures. Out: readings for `sampler` (process_*, python_gc_*),
bytes for the `memoryUsage` of a worker's description, which `serving` asks for, and for the run file when it began.
"""

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from servescope.metrics.collectors.process_table import ProcessStat, parse_stat, read_process
from servescope.metrics.collectors.reading import Reading

GcStats = Callable[[], Sequence[dict[str, int]]]
_GC = {
    "python_gc_collections_total": "collections",
    "python_gc_objects_collected_total": "collected",
    "python_gc_objects_uncollectable_total": "uncollectable",
}


class ProcessCollector:
    """The process it runs in. `gc_stats`: `gc.get_stats` or its like, one dict a generation. `ticks_per_s` and `page_size`, in
    bytes, are the kernel's units.
    """

    name = "process"

    def __init__(
        self,
        gc_stats: GcStats,
        proc: Path = Path("/proc"),
        ticks_per_s: int | None = None,
        page_size: int | None = None,
    ) -> None:
        self._gc_stats = gc_stats
        self._proc = proc
        self._ticks_per_s = ticks_per_s or os.sysconf("SC_CLK_TCK")
        self._page_size = page_size or os.sysconf("SC_PAGE_SIZE")
        self._booted: int | None = None  # kept: a clock that is set moves it, and would look like a restart

    def update(self) -> Iterable[Reading]:
        """All of it. Raises OSError and ValueError where /proc does not say."""
        stat = read_process(self._proc, "self")
        if stat is None:
            raise FileNotFoundError(f"{self._proc / 'self/stat'} cannot be read")
        return [*self._process(stat), *self._garbage()]

    def _process(self, stat: ProcessStat) -> list[Reading]:
        own = self._proc / "self"
        if self._booted is None:
            self._booted = parse_boot_time((self._proc / "stat").read_text())
        readings = [
            Reading("process_cpu_seconds_total", (), stat.own_ticks / self._ticks_per_s),
            Reading("process_resident_memory_bytes", (), stat.resident_pages * self._page_size),
            Reading("process_virtual_memory_bytes", (), stat.virtual_bytes),
            Reading("process_start_time_seconds", (), self._booted + stat.start_ticks / self._ticks_per_s),
            # One of them is open only while they are listed.
            Reading("process_open_fds", (), max(0, len(os.listdir(own / "fd")) - 1)),
        ]
        limit = parse_max_fds((own / "limits").read_text())
        if limit is not None:
            readings.append(Reading("process_max_fds", (), limit))
        return readings

    def _garbage(self) -> list[Reading]:
        generations = self._gc_stats()
        return [
            Reading(family, (str(generation),), stats[field])
            for family, field in _GC.items()
            for generation, stats in enumerate(generations)
        ]


class ProcessMemory:
    """Reads the resident memory of processes. `proc` is the root of the proc file system, `page_size` in bytes."""

    def __init__(self, proc: Path = Path("/proc"), page_size: int | None = None) -> None:
        self._proc = proc
        self._page_size = page_size or os.sysconf("SC_PAGE_SIZE")

    def resident_bytes(self, pid: int) -> int:
        """The process's resident set in bytes; 0 where there is no such process (any more) or `pid` is 0."""
        stat = read_process(self._proc, pid) if pid > 0 else None
        return 0 if stat is None else stat.resident_pages * self._page_size


def began_s(proc: Path = Path("/proc"), ticks_per_s: int | None = None) -> float:
    """When this process began, in seconds since 1970: what psutil says, whose import would be a thirtieth of a start.

    Raises:
        OSError, ValueError: /proc does not say.
    """
    own = parse_stat((proc / "self/stat").read_text(errors="replace"))
    booted = parse_boot_time((proc / "stat").read_text())
    return booted + own.start_ticks / (ticks_per_s or os.sysconf("SC_CLK_TCK"))


def parse_boot_time(text: str) -> int:
    """The line `btime` of /proc/stat, in seconds since 1970. Raises ValueError where there is none."""
    for line in text.splitlines():
        label, _, seconds = line.partition(" ")
        if label == "btime":
            return int(seconds)
    raise ValueError("/proc/stat has no line `btime`")


def parse_max_fds(text: str) -> int | None:
    """The soft limit on open files in /proc/PID/limits; None where there is none. Raises ValueError without the line."""
    for line in text.splitlines():
        if line.startswith("Max open files"):
            soft = line.removeprefix("Max open files").split()[0]
            return None if soft == "unlimited" else int(soft)
    raise ValueError("/proc/self/limits has no line `Max open files`")
