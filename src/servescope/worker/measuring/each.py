"""Writes of a handler for the modes that log: each by itself, with its time and its requests.

In: writes of `caching_metric`, from any thread. Out: a ring in the memory that the front end reads (`wire.measured.lines`), which
is bounded: a writer that is faster than the front end waits for it.
"""

import mmap
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from servescope.wire.measured.lines import LineWriter
from servescope.wire.measured.update import ROOM, MetricUpdate
from servescope.worker.measuring.complaints import Refused
from servescope.worker.measuring.sink import Entry, Left, Sink, Texts


class Each(Sink):
    """The writes of one worker, one after the other in `memory`. `clock`: seconds since the epoch."""

    each = True

    def __init__(self, memory: mmap.mmap, clock: Callable[[], float] = time.time) -> None:
        self._writer = LineWriter(memory)
        self._clock = clock
        self._lock: AbstractContextManager[Any] = threading.RLock()  # reentrant as in `folding`

    def entry(self, kind: str, name: str, unit: str, names: Texts, values: Texts) -> Entry:
        """See `Sink`."""
        return _Series(self, kind, name, unit, list(names), list(values))

    def leave(self) -> None:
        """See `Sink`."""
        self._lock = Left()

    def put(self, update: MetricUpdate) -> None:
        """Take a write, whose time is now. Raises Refused."""
        update.at, update.order = self._clock(), time.monotonic()
        with self._lock:
            try:
                taken = self._writer.put(update)
            except ValueError as error:
                raise Refused(ROOM, "its name, dimensions and request ids are too long", str(error)) from None
        if not taken:
            raise Refused("", "the front end is behind with its log lines")


class _Series:
    """The entry of a series, which is nothing but its name."""

    def __init__(self, sink: Each, kind: str, name: str, unit: str, names: list[str], values: list[str]) -> None:
        self._sink = sink
        self._series = (kind, name, unit, names, values)

    def write(self, number: float, request_id: str, /) -> None:
        """See `sink.Entry`."""
        self._sink.put(MetricUpdate(*self._series, number, request_id))
