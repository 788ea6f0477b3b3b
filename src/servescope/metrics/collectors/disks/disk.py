"""Disks: TorchServe's DiskUsage, DiskAvailable and DiskUtilization of the root file system, and those that the server writes to.

In: statvfs of paths. Out: readings. Called by `sampler`.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from servescope.metrics.collectors.disks.mounts import mount_readings
from servescope.metrics.collectors.disks.space import space_of
from servescope.metrics.collectors.reading import PartlyFailed, Reading

GIGABYTE = 1024**3


class DiskCollector:
    """The file system of `root`, and those of the server's `directories`, by names of `definitions.DIRECTORIES`."""

    name = "disk"

    def __init__(self, hostname: str, root: Path = Path("/"), directories: Mapping[str, Path] | None = None) -> None:
        self._labels = ("Host", hostname)
        self._root = root
        self._directories = directories or {}

    def update(self) -> Iterable[Reading]:
        """Used and available in units of 1024³ bytes, and the used share in percent; then bytes of each file system.

        Raises PartlyFailed where one of the server's directories cannot be looked at.
        """
        disk = space_of(self._root)
        room = disk.used + disk.available  # what is reserved for root belongs to neither, as in df
        readings = [
            Reading("DiskUsage", self._labels, disk.used / GIGABYTE),
            Reading("DiskAvailable", self._labels, disk.available / GIGABYTE),
            Reading("DiskUtilization", self._labels, 100.0 * disk.used / room if room else 0.0),
        ]
        mounts, failures = mount_readings(self._directories)
        readings += mounts
        if failures:
            raise PartlyFailed(readings, "; ".join(failures))
        return readings
