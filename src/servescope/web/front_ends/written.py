"""How many answers a front end has handed to the system, in memory that it shares with the owner and that outlives it.

Made by the owner (`process`), which hands the descriptor down; the front end (`child`) counts. So the owner can tell of those
answers that the front end had no time to speak of whether they were written.
"""

import mmap
import os
import struct

SIZE = mmap.PAGESIZE
_COUNT = struct.Struct("<Q")


class Written:
    """`descriptor` is that of the memory, which this maps and does not close."""

    def __init__(self, descriptor: int) -> None:
        self._memory = mmap.mmap(descriptor, SIZE)

    @property
    def count(self) -> int:
        """How many were."""
        return int(_COUNT.unpack_from(self._memory)[0])

    @count.setter
    def count(self, count: int) -> None:
        _COUNT.pack_into(self._memory, 0, count)


def create() -> int:
    """A descriptor of new memory, to be closed by whoever calls. Raises OSError where the system gives none."""
    descriptor = os.memfd_create("servescope-written", os.MFD_CLOEXEC)
    os.ftruncate(descriptor, SIZE)
    return descriptor
