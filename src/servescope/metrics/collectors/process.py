"""Resident memory of single processes, for the `memoryUsage` of a worker's description.

In: /proc/PID/statm. Out: bytes. Called by `serving` when a model is described. No family of `/metrics` comes from it
yet.
"""

import os
from pathlib import Path


class ProcessMemory:
    """Reads the resident memory of processes. `proc` is the root of the proc file system, `page_size` in bytes."""

    def __init__(self, proc: Path = Path("/proc"), page_size: int | None = None) -> None:
        self._proc = proc
        self._page_size = page_size or os.sysconf("SC_PAGE_SIZE")

    def resident_bytes(self, pid: int) -> int:
        """The process's resident set in bytes; 0 where there is no such process (any more) or `pid` is 0."""
        if pid <= 0:
            return 0
        try:
            text = (self._proc / str(pid) / "statm").read_text()
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            return 0
        return parse_resident_pages(text) * self._page_size


def parse_resident_pages(statm: str) -> int:
    """The second field of statm; 0 for the empty text that a dying process shows."""
    fields = statm.split()
    return int(fields[1]) if len(fields) > 1 else 0
