"""The file systems that the server writes to: in, its directories by name; out, used and available bytes of each, once.

Called by `disk`. A directory that is not there yet will be where its nearest parent is.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from servescope.metrics.collectors.disks.space import space_of
from servescope.metrics.collectors.reading import Reading


def mount_readings(directories: Mapping[str, Path]) -> tuple[list[Reading], list[str]]:
    """The readings, and of what could not be read why."""
    by_device: dict[int, list[str]] = {}
    places: dict[int, Path] = {}
    failures = []
    for name, path in directories.items():
        try:
            there, device = _existing(path)
        except OSError as error:
            failures.append(f"{name} {path}: {error}")
            continue
        by_device.setdefault(device, []).append(name)
        places.setdefault(device, there)
    readings = []
    for device, names in by_device.items():
        try:
            space = space_of(places[device])
        except OSError as error:
            failures.append(f"{', '.join(names)} {places[device]}: {error}")
            continue
        labels = (str(mount_of(places[device])), ",".join(names))
        readings.append(Reading("servescope_disk_used_bytes", labels, float(space.used)))
        readings.append(Reading("servescope_disk_available_bytes", labels, float(space.available)))
    return readings, failures


def mount_of(path: Path) -> Path:
    """Where the file system of an absolute path is mounted."""
    while path != path.parent and not os.path.ismount(path):
        path = path.parent
    return path


def _existing(path: Path) -> tuple[Path, int]:
    """The directory itself, or the nearest one above it that is there, and its device."""
    path = Path(os.path.realpath(path))
    while True:
        try:
            return path, path.stat().st_dev
        except (FileNotFoundError, NotADirectoryError):
            path = path.parent
