"""The lines of the modes that log, on their way through the shared memory: a ring of writes, each as it was made.

`LineWriter` is the worker's end, `LineReader` the front end's. A ring that is full makes the writer wait for the reader, as the
pipe of TorchServe's workers does; after a second without any progress writes are dropped and counted, until there is room again.
"""

import mmap
import struct
import time
import zlib
from collections.abc import Callable, Iterator

import msgspec

from servescope.wire.measured.memory import CELL, DROPPED, HEADER_CELLS, LINES_SIZE, POLLED, PUT, TAKEN
from servescope.wire.measured.update import DROPPED as DROPPED_KIND
from servescope.wire.measured.update import OTHER, ROOM, MetricUpdate

_RING_START = HEADER_CELLS * CELL
_RING = LINES_SIZE - _RING_START
_START = struct.Struct("<II")
# The largest write, bytes: its name, its dimensions and the ids of its requests.
LINE_LIMIT = 64 * 1024
# How long a writer waits for a reader that takes nothing, seconds.
PATIENCE_S = 1.0
_PAUSE_S = 0.005
# Writes that are read without a pause: to log so many takes a loop some 2 ms.
A_PART = 500
_encode = msgspec.msgpack.Encoder().encode


class _Ring:
    """Bytes that go round. Positions count all bytes that ever went in."""

    def __init__(self, memory: mmap.mmap) -> None:
        self.cells = memoryview(memory).cast("d")
        self._bytes = memoryview(memory)[_RING_START:LINES_SIZE]

    def put(self, position: int, data: bytes) -> None:
        start = position % _RING
        until_end = _RING - start
        if len(data) <= until_end:
            self._bytes[start : start + len(data)] = data
        else:
            self._bytes[start:] = data[:until_end]
            self._bytes[: len(data) - until_end] = data[until_end:]

    def get(self, position: int, length: int) -> bytes:
        start = position % _RING
        data = bytes(self._bytes[start : start + length])
        return data if len(data) == length else data + bytes(self._bytes[: length - len(data)])


class LineWriter:
    """Puts writes in. For one thread at a time. `clock` and `sleep`: in seconds."""

    def __init__(
        self,
        memory: mmap.mmap,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._ring = _Ring(memory)
        self._clock = clock
        self._sleep = sleep
        self._put = 0
        self._given_up_at = -1.0  # how far the reader was when waiting for it was of no use

    def put(self, update: MetricUpdate) -> bool:
        """Whether it was taken: not, where the front end does not read and there is no room.

        Raises:
            ValueError: it is over LINE_LIMIT.
        """
        text = _encode(update)
        if len(text) > LINE_LIMIT:
            raise ValueError(f"{len(text)} bytes; at most {LINE_LIMIT}")
        data = _START.pack(len(text), zlib.crc32(text, 1)) + text
        if not self._has_room(len(data)):
            self._ring.cells[DROPPED] += 1.0
            return False
        start = self._put
        self._put += len(data)  # first: a signal's handler may put another one in meanwhile
        self._ring.put(start, data)
        self._ring.cells[PUT] = float(self._put)  # last: the reader comes to it now
        return True

    def _has_room(self, size: int) -> bool:
        cells = self._ring.cells
        if self._put + size - cells[TAKEN] <= _RING:
            return True
        taken, until = cells[TAKEN], self._clock() + PATIENCE_S
        while self._put + size - cells[TAKEN] > _RING:
            if cells[TAKEN] != taken:
                taken, until = cells[TAKEN], self._clock() + PATIENCE_S
            if taken == self._given_up_at or self._clock() >= until:
                self._given_up_at = taken
                return False
            self._sleep(_PAUSE_S)
        return True


class LineReader:
    """Takes writes out."""

    def __init__(self, memory: mmap.mmap) -> None:
        self._ring = _Ring(memory)
        self._decode = msgspec.msgpack.Decoder(MetricUpdate).decode
        self._taken = 0
        self._dropped = 0

    @property
    def polled_s(self) -> float:
        """Seconds that the worker has polled for batches."""
        return self._ring.cells[POLLED]

    def ask(self) -> None:
        """Nobody need be: what was written is here."""

    def take(self, *, final: bool = False, most: int | None = None) -> list[MetricUpdate]:
        """At most `most` writes in the order in which they were made, after one of kind DROPPED where some found no room.

        What is in the memory but no write is the end of it. `final`: the worker has gone, which is all the same here.
        """
        del final
        found = self._lost()
        cells = self._ring.cells
        put = cells[PUT]
        while self._taken < put and (most is None or len(found) < most):
            length, crc = _START.unpack(self._ring.get(self._taken, _START.size))
            text = self._ring.get(self._taken + _START.size, min(length, _RING))
            if zlib.crc32(text, 1) != crc:
                break
            found.append(self._decode(text))
            self._taken += _START.size + length
        cells[TAKEN] = float(self._taken)
        return found

    def parts(self) -> Iterator[list[MetricUpdate]]:
        """What is there now, A_PART writes at a time; in between, anybody may take."""
        put = self._ring.cells[PUT]
        while self._taken < put and (part := self.take(most=A_PART)):
            yield part

    def _lost(self) -> list[MetricUpdate]:
        dropped = self._ring.cells[DROPPED]
        new = dropped - self._dropped
        if not new > 0:
            return []
        self._dropped = int(dropped)
        return [MetricUpdate(DROPPED_KIND, OTHER, ROOM, [], [], new, "")]
