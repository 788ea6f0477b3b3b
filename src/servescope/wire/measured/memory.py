"""The memory that one worker shares with the front end, without a name, a path or anything to clean up.

Made by `fleet.backends` for each worker, which is handed its descriptor; both map it. It is made of zeros, and takes room only
where something was written. A worker's death leaves it as it is: what the worker wrote last is what the front end reads.
"""

import fcntl
import mmap
import os

# All of it, bytes. Numbers take as much of it as there are series, lines go round in the beginning of it.
SIZE = 16 * 1024 * 1024
LINES_SIZE = 4 * 1024 * 1024
CELL = 8
# Cells of 8 bytes before the rest, each a float.
HEADER_CELLS = 8
# Seconds that the worker has polled; how many cells are in use; writes that found no room; bytes of lines that were ever put in,
# and taken out.
POLLED, USED, DROPPED, PUT, TAKEN = range(5)


def create() -> int:
    """A descriptor of new memory, to be closed by whoever calls.

    Raises:
        OSError: the system gives none.
    """
    descriptor = _nameless()
    try:
        os.ftruncate(descriptor, SIZE)
        if hasattr(fcntl, "F_ADD_SEALS"):
            # Nobody can make it smaller: the front end would die of reading what is not there.
            fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _nameless() -> int:
    if hasattr(os, "memfd_create"):
        return os.memfd_create("servescope-metrics", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    import tempfile  # of all that a worker imports it would take longest

    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


def mapped(descriptor: int) -> mmap.mmap:
    """The memory behind a descriptor, which is not needed any more afterwards.

    Raises:
        OSError, ValueError: it is none of `create`'s.
    """
    return mmap.mmap(descriptor, SIZE)


def private() -> mmap.mmap:
    """Memory that nobody else sees: for a worker that nobody asks."""
    return mmap.mmap(-1, SIZE)
