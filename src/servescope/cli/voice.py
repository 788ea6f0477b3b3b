"""Lines for whoever reads a command's output while it goes on: text in, standard output or standard error out.

`detach`, `stop` and `models` speak so, as what they have begun must not end because somebody has read enough, as in
`servescope stop | head -1`; `main` asks for the same at the end.
"""

import os
import sys
from typing import TextIO


def say(line: str) -> None:
    """A line on standard output, at once. Where nobody reads that any more, it goes nowhere."""
    _write(sys.stdout, line)


def mutter(line: str) -> None:
    """The same on standard error."""
    _write(sys.stderr, line)


def unread(stream: TextIO) -> None:
    """Nobody reads this any more: what is written, and what the interpreter flushes at its end, goes nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def _write(stream: TextIO, line: str) -> None:
    try:
        print(line, file=stream, flush=True)
    except BrokenPipeError:
        unread(stream)
