"""Standard output and error where they are files, as of `servescope start > server.log 2>&1 &`: opened anew with the log files.

Made by `logs.setup` at the start, while the files still have the names that they were opened by.
"""

import os
import stat
from collections.abc import Sequence
from contextlib import suppress


class Redirected:
    """Descriptors, and the files that they were opened as; those that are no files are left as they are."""

    def __init__(self, descriptors: Sequence[int] = (1, 2)) -> None:
        self._paths = {descriptor: path for descriptor in descriptors if (path := _file_of(descriptor))}

    def reopen(self) -> None:
        """Where a file's name is another file's now, or nobody's, write to that name from here on."""
        for descriptor, path in self._paths.items():
            with suppress(OSError):  # the old file is written on
                if not _is_at(descriptor, path):
                    anew = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
                    os.dup2(anew, descriptor)
                    os.close(anew)


def _file_of(descriptor: int) -> str | None:
    try:
        path = os.readlink(f"/proc/self/fd/{descriptor}")
        return path if stat.S_ISREG(os.fstat(descriptor).st_mode) and _is_at(descriptor, path) else None
    except OSError:
        return None


def _is_at(descriptor: int, path: str) -> bool:
    try:
        return os.path.samestat(os.stat(path), os.fstat(descriptor))
    except FileNotFoundError:
        return False
