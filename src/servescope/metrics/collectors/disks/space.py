"""How full a file system is, from statvfs: psutil's and df's figures. In: a path. Out: bytes. Used by `disk` and `mounts`."""

import os
from pathlib import Path

from msgspec import Struct


class DiskSpace(Struct, frozen=True):
    """Bytes: used, and what unprivileged users can still fill."""

    used: int
    available: int


def space_of(path: Path) -> DiskSpace:
    """Of the file system that the path is on. Raises OSError."""
    return parse_statvfs(os.statvfs(path))


def parse_statvfs(answer: os.statvfs_result) -> DiskSpace:
    """Used and available bytes: what is kept for root is neither."""
    used = (answer.f_blocks - answer.f_bfree) * answer.f_frsize
    return DiskSpace(used=used, available=answer.f_bavail * answer.f_frsize)
