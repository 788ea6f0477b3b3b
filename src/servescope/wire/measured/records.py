"""How series lie in the shared memory: one record after the other, each a head that never changes and cells that do.

A record is the length and the CRC of its head (4 bytes each), the head in msgpack, padding to 8 bytes, and cells of 8 bytes, each a
float that one instruction writes and reads. What a series' cells are:

- counter: writes, sum;
- gauge: writes, last value, when it was written (seconds, by the machine's monotonic clock);
- histogram: writes, sum, values that are zero, then one count a bucket. `writes` is a half more while it is being written. Its
  native buckets are records of their own, 32 counts each: a histogram has them only where it has values.

Written by `Records`, which a worker has; read by `RecordReader`, which the front end has and which believes nothing.
"""

import mmap
import struct
import zlib

import msgspec
from msgspec import Struct

from servescope.wire.measured.memory import CELL, HEADER_CELLS, POLLED, SIZE, USED
from servescope.wire.measured.native import A_DOUBLING

WRITES, SUM, ZERO, COUNTS = 0, 1, 2, 3
VALUE, AT = 1, 2
# The largest head, bytes: a name, and names and values of dimensions.
HEAD_LIMIT = 16 * 1024
_START = struct.Struct("<II")
_CELLS = SIZE // CELL


class SeriesHead(Struct, array_like=True, tag="series"):
    """A series. Fields as in `MetricUpdate`; `bounds` are a histogram's, in its unit.

    `folded`: it stands for all series that the worker has no room for.
    """

    kind: str
    name: str
    unit: str
    dimensions: list[str]
    values: list[str]
    bounds: list[float]
    folded: bool

    @property
    def cells(self) -> int:
        """How many cells follow."""
        if self.kind == "histogram":
            return COUNTS + len(self.bounds) + 1
        return 3 if self.kind == "gauge" else 2


class NativeHead(Struct, array_like=True, tag="native"):
    """Native buckets `first` and the 31 after it, of the positive or `negative` values of a histogram: the series whose
    cells begin at `series`.
    """

    series: int
    first: int
    negative: bool

    @property
    def cells(self) -> int:
        """How many cells follow."""
        return A_DOUBLING


Head = SeriesHead | NativeHead
_encode = msgspec.msgpack.Encoder().encode


class Records:
    """The worker's end. `cells` is all the memory, by cell."""

    def __init__(self, memory: mmap.mmap) -> None:
        self.cells = memoryview(memory).cast("d")
        self._bytes = memoryview(memory)
        self._end = HEADER_CELLS
        self.cells[USED] = float(self._end)

    def append(self, head: Head) -> int | None:
        """A new record; the index of its first cell, None where there is no room for it.

        Raises:
            ValueError: the head is over HEAD_LIMIT.
        """
        text = _encode(head)
        if len(text) > HEAD_LIMIT:
            raise ValueError(f"{len(text)} bytes; at most {HEAD_LIMIT}")
        size = 1 + -(-len(text) // CELL)
        more = size + head.cells
        start = self._end
        if start + more > _CELLS:
            return None
        self._end = start + more  # first: a signal's handler may append another one meanwhile
        at = start * CELL
        _START.pack_into(self._bytes, at, len(text), zlib.crc32(text, 1))
        self._bytes[at + _START.size : at + _START.size + len(text)] = text
        self.cells[USED] = float(self._end)  # last: the reader comes to it now
        return start + size


class RecordReader:
    """The front end's end: what is new since it was last asked."""

    def __init__(self, memory: mmap.mmap) -> None:
        self.cells = memoryview(memory).cast("d")
        self._bytes = memoryview(memory)
        self._decode = msgspec.msgpack.Decoder(Head).decode
        self._end = HEADER_CELLS

    def copy(self) -> bytes:
        """All that is in use now, but for what changes though nothing is measured."""
        used = self.cells[USED]
        return bytes(self._bytes[(POLLED + 1) * CELL : int(used) * CELL]) if 0 <= used <= _CELLS else b""

    @property
    def complete(self) -> bool:
        """Whether all records that there are have been read."""
        return self.cells[USED] <= self._end

    def new(self) -> list[tuple[Head, int]]:
        """Heads with the index of their first cell. One that cannot be read, yet or ever, is the last that is looked at."""
        found = []
        used = self.cells[USED]
        while self._end < used <= _CELLS:
            start = self._end * CELL
            length, crc = _START.unpack_from(self._bytes, start)
            text = self._bytes[start + _START.size : start + _START.size + min(length, HEAD_LIMIT)]
            if zlib.crc32(text, 1) != crc:
                break
            head = self._decode(text)
            first = self._end + 1 + -(-length // CELL)
            if first + head.cells > used:
                break
            found.append((head, first))
            self._end = first + head.cells
        return found
