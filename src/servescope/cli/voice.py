"""Lines for whoever reads a command's output while it goes on: text in, standard output or standard error out.

`detach`, `stop` and `models` speak so, as what they have begun must not end because somebody has read enough, as in
`servescope stop | head -1`, or its disk is full; `main` asks for the same at the end.
"""

import os
import sys
from typing import TextIO


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
    """Whichever of the three was closed (`servescope stop >&-`) goes nowhere: what is opened later would get its number."""
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is None:
            nowhere = os.open(
                os.devnull, os.O_RDWR
            )  # the lowest that is free, and so its number, unless that was taken
            setattr(sys, name, os.fdopen(nowhere, mode))
            os.set_inheritable(nowhere, nowhere == number)


def _write(stream: TextIO, line: str) -> None:
    try:
        print(line, file=stream, flush=True)
    except OSError:
        unread(stream)
