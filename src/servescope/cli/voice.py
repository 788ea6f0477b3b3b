"""Lines for whoever reads a command's output while it goes on: text in, standard output or standard error out.

`detach`, `stop` and `models` speak so, as what they have begun must not end because somebody has read enough, as in
`servescope stop | head -1`, or its disk is full. For all others that is the end, which `main` tells of.
"""

import errno
import io
import os
import signal
import sys
from typing import Any, TextIO, cast

from servescope.logs.streams.stream import wait_for_room


class OutputLost(OSError):
    """Standard output takes no more; `why` is the system's reason. Without its number, as libraries that know EPIPE by that end a
    command in ways of their own.
    """

    def __init__(self, why: OSError) -> None:
        super().__init__(f"standard output cannot be written: {why.strerror}")
        self.why = why

    def told(self) -> int:
        """Say so in a line, unless whoever read it has read enough, as in `servescope --help | head`; the exit status, which is
        that of other tools.
        """
        unread(sys.stdout)
        if self.why.errno == errno.EPIPE:
            return 128 + signal.SIGPIPE
        mutter(f"servescope: {self}")
        return 1


class _Patient(io.FileIO):
    """A descriptor that is waited for, although another program has made it one that does not block."""

    def write(self, data: Any) -> int:  # a buffer of any kind
        left = memoryview(data)
        while left:
            if (written := super().write(left)) is None:
                wait_for_room(self.fileno())
            else:
                left = left[written:]
        return len(data)


class _Output(_Patient):
    """Standard output's."""

    def write(self, data: Any) -> int:
        try:
            return super().write(data)
        except OSError as error:
            raise OutputLost(error) from error


def say(line: str) -> None:
    """A line on standard output, at once. Where that takes no more, it goes nowhere."""
    _write(sys.stdout, line)


def mutter(line: str) -> None:
    """The same on standard error."""
    _write(sys.stderr, line)


def unread(stream: TextIO) -> None:
    """Nobody reads this any more: what is written, and what the interpreter flushes at its end, goes nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def open_standard_streams() -> None:
    """Whichever of the three was closed (`servescope stop >&-`) goes nowhere: what is opened later would get its number. Writes of
    standard output fail with `OutputLost`. Neither it nor standard error fails where it is full, and does not block.
    """
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is None:
            nowhere = os.open(
                os.devnull, os.O_RDWR
            )  # the lowest that is free, and so its number, unless that was taken
            setattr(sys, name, os.fdopen(nowhere, mode, closefd=False))
            os.set_inheritable(nowhere, nowhere == number)
    sys.stdout = _over(_Output, cast("io.TextIOWrapper", sys.stdout))
    sys.stderr = _over(_Patient, cast("io.TextIOWrapper", sys.stderr))


def _over(kind: type[io.FileIO], stream: io.TextIOWrapper) -> io.TextIOWrapper:
    """The same over a descriptor of this kind; a sign that its encoding has not is a question mark, and no reason to end."""
    raw = kind(stream.fileno(), "w", closefd=False)
    return io.TextIOWrapper(
        raw if stream.write_through else io.BufferedWriter(raw),
        stream.encoding,
        "replace" if stream.errors == "strict" else stream.errors,
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )


def _write(stream: TextIO, line: str) -> None:
    try:
        print(line, file=stream, flush=True)
    except OSError:
        unread(stream)
