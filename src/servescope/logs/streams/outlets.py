"""Streams in the places of `sys.stdout`, `sys.stderr` and of handlers' streams, where these may hang.

In: Python's streams. Out: streams of `stream`, one outlet for all that lead to one file, so that their order is kept. `standing_in`
is called by `cli` around a command that runs a server, for its last words, and by `runtime` around the server; `configuration` asks
`Outlets` for the streams of `--log-config`.
"""

import os
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

from servescope.logs.streams.outlet import LAST_S, Outlet
from servescope.logs.streams.stream import Stream

_NAMES = ("stdout", "stderr")


def may_be_waited_for(stream: TextIO) -> bool:
    """Whether it takes what is written to it: a file does, or has no room. A terminal, a pipe or a socket may not."""
    try:
        mode = os.fstat(stream.fileno()).st_mode
        return not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or stream.isatty())
    except (OSError, ValueError, AttributeError):  # it is closed, or is a file in memory, or hardly a stream
        return True


class Outlets:
    """By what they write to. Those of the standard streams are known from the start, where these have been replaced already."""

    def __init__(self) -> None:
        self._found: dict[tuple[int, int], Outlet] = {}
        for name in _NAMES:
            stream = getattr(sys, name)
            if isinstance(stream, Stream) and stream.outlet is not None:
                self._found[_file(stream)] = stream.outlet

    def over(self, stream: TextIO) -> TextIO:
        """A stream that holds nobody up, in the place of this one; itself, where it is one, or has no descriptor."""
        if isinstance(stream, Stream):
            return stream
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()
        try:
            outlet = None if may_be_waited_for(stream) else self._found.setdefault(_file(stream), Outlet())
            return Stream(stream, outlet)
        except (OSError, ValueError, AttributeError):
            return stream

    def end(self) -> bool:
        """Wait until all is written, but LAST_S seconds at most. Whether it is."""
        end = time.monotonic() + LAST_S
        ended = [outlet.end(max(0.0, end - time.monotonic())) for outlet in self._found.values()]
        return all(ended)


@contextmanager
def standing_in(*names: str) -> Iterator[Outlets]:
    """Have `sys.stdout` or `sys.stderr`, or both, hold up nobody, until the end, which waits LAST_S seconds for what they have.

    Where that was in vain they stay as they are: what this process has to say after that goes unsaid, and keeps it from nothing.
    """
    outlets = Outlets()
    before = {name: getattr(sys, name) for name in names}
    for name, stream in before.items():
        if stream is not None:
            setattr(sys, name, outlets.over(stream))
    try:
        yield outlets
    finally:
        if outlets.end():
            for name, stream in before.items():
                setattr(sys, name, stream)


def _file(stream: TextIO) -> tuple[int, int]:
    status = os.fstat(stream.fileno())
    return status.st_dev, status.st_ino
