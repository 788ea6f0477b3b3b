"""DiskUsage, DiskAvailable and DiskUtilization of the root file system, from statvfs; psutil's and df's figures.

In: statvfs of a path. Out: three readings. Called by `sampler`.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from servescope.metrics.collectors.reading import Reading

GIGABYTE = 1024**3


@dataclass(frozen=True, slots=True)
class Disk:
    """Bytes: used, and what unprivileged users can still fill."""

    used: int
    available: int


class DiskCollector:
    """One file system: that of `root`."""

    name = "disk"

    def __init__(self, hostname: str, root: Path = Path("/")) -> None:
        self._labels = ("Host", hostname)
        self._root = root

    def update(self) -> Iterable[Reading]:
        """Used and available in units of 1024³ bytes, and the used share in percent."""
        disk = parse_statvfs(os.statvfs(self._root))
        room = disk.used + disk.available  # what is reserved for root belongs to neither, as in df
        return [
            Reading("DiskUsage", self._labels, disk.used / GIGABYTE),
            Reading("DiskAvailable", self._labels, disk.available / GIGABYTE),
            Reading("DiskUtilization", self._labels, 100.0 * disk.used / room if room else 0.0),
        ]


def parse_statvfs(answer: os.statvfs_result) -> Disk:
    """Used and available bytes."""
    used = (answer.f_blocks - answer.f_bfree) * answer.f_frsize
    return Disk(used=used, available=answer.f_bavail * answer.f_frsize)
