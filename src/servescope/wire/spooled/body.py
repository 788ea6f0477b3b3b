"""A body, or a part of one, in memory that has a descriptor and no name: there are no other copies of its bytes.

Written by `web.front_ends.child` and `web.http.decompression`, held by the owner in place of bytes, named to workers by `placing`.
The memory (`memory`) is gone with the last process that has it, however that ends.
"""

import fcntl
import os
import resource
from collections.abc import Callable, Iterator, Sequence

from servescope.wire.frames import Buffer
from servescope.wire.spooled.memory import LetGo, Memory

WINDOW = 256 * 1024


class Spooled:
    """`length` bytes of the memory behind `descriptor`, from `offset` on. Nothing of them is in this process, until it is read.

    What lies behind them there is nobody's, and is never read. `let_go`: see `Memory`.
    """

    __slots__ = ("_length", "_memory", "_offset")

    def __init__(self, descriptor: int, length: int, let_go: LetGo | None = None) -> None:
        self._memory = Memory(descriptor, let_go)
        self._offset = 0
        self._length = length

    def __len__(self) -> int:
        return self._length

    @property
    def descriptor(self) -> int:
        """Of the memory; it is closed by itself."""
        return self._memory.descriptor

    @property
    def offset(self) -> int:
        """Where it begins in the memory, bytes."""
        return self._offset

    def append(self, data: Buffer) -> None:
        """Write on, as long as nobody else has it.

        Raises:
            OSError: there is no memory; it is as long as before.
        """
        view = memoryview(data)
        end = self._offset + self._length
        while view:
            written = os.pwrite(self.descriptor, view, end)
            end += written
            view = view[written:]
        self._length = end - self._offset

    def part(self, start: int, length: int) -> "Spooled":
        """A part of it, which keeps all of the memory."""
        part = object.__new__(Spooled)
        part._memory, part._offset, part._length = self._memory, self._offset + start, length
        return part

    def read(self, start: int = 0, length: int | None = None) -> bytes:
        """A copy of its bytes, as many as there are."""
        end = self._length if length is None else min(start + length, self._length)
        found: list[bytes] = []
        while start < end and (data := os.pread(self.descriptor, end - start, self._offset + start)):
            found.append(data)
            start += len(data)
        return found[0] if len(found) == 1 else b"".join(found)

    def windows(self, size: int = WINDOW) -> Iterator[bytes]:
        """Copies of its bytes, one after the other."""
        for start in range(0, self._length, size):
            yield self.read(start, size)

    def occurrences(self, needle: bytes) -> Iterator[int]:
        """Where `needle` begins in it. One that may lie across itself is not for this."""
        kept, base = b"", 0
        for window in self.windows():
            data = kept + window
            at = data.find(needle)
            while at >= 0:
                yield base + at
                at = data.find(needle, at + len(needle))
            most = min(len(needle) - 1, len(data))
            kept = data[len(data) - most :]
            base += len(data) - most

    def mapped(self) -> memoryview:
        """Its bytes where they lie. Only what is looked at counts as this process's own memory, until the view is let go."""
        return self._memory.mapped(self._offset, self._length)

    def tell(self) -> None:
        """Another process is told where it lies; see `Memory`."""
        self._memory.tell()

    def answered(self) -> None:
        """That has answered, and does not read it any more."""
        self._memory.answered()


Attachment = Buffer | Spooled


def create(let_go: LetGo | None = None) -> Spooled:
    """An empty one, to be appended to. `let_go`: see `Memory`.

    Raises:
        OSError: the system gives none, or this process has few descriptors left.
    """
    if not hasattr(os, "memfd_create"):
        raise OSError("this system has no memory with a descriptor")
    spooled = Spooled(os.memfd_create("servescope-body", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING), 0, let_go)
    # Nobody can make it smaller: who has it mapped would die of reading what is not there.
    fcntl.fcntl(spooled.descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK)
    if scarce(spooled.descriptor):
        raise OSError(f"more than half of {_most_descriptors()} descriptors are in use")
    return spooled


def scarce(descriptor: int) -> bool:
    """Whether more than half of the descriptors that this process may have are in use, as a new one's number tells: the rest is for
    connections, workers and files.
    """
    return descriptor >= _most_descriptors() // 2


def _most_descriptors() -> int:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 2**30 if soft == resource.RLIM_INFINITY else soft


def spool(pieces: "list[bytes | Spooled]", empty: Callable[[], Spooled] = create) -> bool:
    """Move a body's pieces into memory of its own, behind what lies there already; they are then one. False: there is none, and
    all pieces are bytes. `empty`: gives that memory, or raises OSError.
    """
    first, *rest = pieces
    data = b"".join([piece for piece in rest if isinstance(piece, bytes)])  # `first` alone may be another
    try:
        into = first if isinstance(first, Spooled) else empty()
        if isinstance(first, bytes):
            into.append(first)
        into.append(data)
    except OSError:
        pieces[:] = [bytes_of(first), data]
        return False
    pieces[:] = [into]
    return True


def bytes_of(piece: bytes | Spooled) -> bytes:
    """A piece of a body as bytes of this process's own."""
    return piece.read() if isinstance(piece, Spooled) else piece


def in_memory(attachments: Sequence[Attachment]) -> list[Buffer]:
    """All of them as buffers, for whoever sends them to where their memory cannot be had."""
    return [each.mapped() if isinstance(each, Spooled) else each for each in attachments]
