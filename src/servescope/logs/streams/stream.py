"""A text stream over a descriptor, of which writes neither wait nor fail: what cannot be written is counted.

In: text, of `sinks.Console`, of `print`, of handlers. Out: bytes, written by whoever writes, or by an outlet's thread. Made by
`outlets`.
"""

import io
import os
import select
import time
from typing import Any, TextIO, cast

from servescope.logs.streams.outlet import MOST_BYTES, Outlet

_PAUSE_S = 0.001
_FULL = f"{MOST_BYTES // 1024**2} MiB wait to be read"


class Descriptor(io.FileIO):
    """That of `below`. `lost` counts the lines that were not written."""

    def __init__(self, below: TextIO, outlet: Outlet | None) -> None:
        super().__init__(below.fileno(), "w", closefd=False)
        self.lost = 0
        self._below = below  # it stays open for as long as something waits
        self._number = below.fileno()
        self._outlet = outlet
        self._full = False
        self._failed = ""
        self._torn = False

    @property
    def trouble(self) -> str:
        """Why lines are being lost, "" where none are."""
        if self._full and (self._outlet is None or self._outlet.settle(0.0)):
            self._full = False
        return self._failed or (_FULL if self._full else "")

    def write(self, data: Any) -> int:
        """A buffer of any kind, all of which is taken, or counted as lost."""
        data = bytes(data)
        if self._outlet is None:
            self.send(data)
        elif not self._outlet.put(self, data):
            self._full = True
            self.lost += data.count(b"\n")
        return len(data)

    def send(self, data: bytes) -> None:
        """See `outlet.Sink`."""
        # What a full disk cut short must not run into the first line that fits again.
        left = memoryview(b"\n" + data if self._torn else data)
        try:
            while left:
                try:
                    left = left[os.write(self._number, left) :]
                    self._torn = bool(left)
                except BlockingIOError:
                    wait_for_room(self._number)
        except OSError as error:
            self.lost += bytes(left).count(b"\n")
            self._failed = error.strerror or str(error)
        else:
            self._failed = ""


class Stream(io.TextIOWrapper):
    """`outlet` writes, None: whoever calls. A sign that the encoding of `below` has not is escaped."""

    def __init__(self, below: TextIO, outlet: Outlet | None) -> None:
        self.outlet = outlet
        self.descriptor = Descriptor(below, outlet)
        super().__init__(
            cast("io.BufferedWriter", self.descriptor), below.encoding, "backslashreplace", write_through=True
        )


def wait_for_room(descriptor: int) -> None:
    """Until one that does not block can be written to, or is broken."""
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)
    poll.poll()
    time.sleep(_PAUSE_S)  # a terminal may say that it has room, and have none for what there is
