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


class _Output(io.FileIO):
    """Standard output's descriptor."""

    def write(self, data: Any) -> int:  # a buffer of any kind
        try:
            while (written := super().write(data)) is None:  # another program has made it one that does not block
                wait_for_room(self.fileno())
        except OSError as error:
            raise OutputLost(error) from error
        return written


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
    standard output fail with `OutputLost`.
    """
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is None:
            nowhere = os.open(
                os.devnull, os.O_RDWR
            )  # the lowest that is free, and so its number, unless that was taken
            setattr(sys, name, os.fdopen(nowhere, mode, closefd=False))
            os.set_inheritable(nowhere, nowhere == number)
    sys.stdout = _told_of(cast("io.TextIOWrapper", sys.stdout))


def _told_of(stdout: io.TextIOWrapper) -> io.TextIOWrapper:
    """The same, whose writes fail with `OutputLost`; a sign that its encoding has not is a question mark, and no reason to end."""
    raw = _Output(stdout.fileno(), "w", closefd=False)
    return io.TextIOWrapper(
        raw if stdout.write_through else io.BufferedWriter(raw),
        stdout.encoding,
        "replace" if stdout.errors == "strict" else stdout.errors,
        line_buffering=stdout.line_buffering,
        write_through=stdout.write_through,
    )


def _write(stream: TextIO, line: str) -> None:
    try:
        print(line, file=stream, flush=True)
    except OSError:
        unread(stream)
