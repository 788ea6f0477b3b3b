"""Standard outputs that nobody reads, or not yet: pipes and a terminal, full or stopped, and commands that write to them."""

import os
import pty
import sys
import termios
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from integration.server import wait_until

# Runs the command after it with both streams leading to a path, which blocks or does not.
_TO = """
import os, sys
path, blocks, *command = sys.argv[1:]
descriptor = os.open(path, os.O_WRONLY)
os.set_blocking(descriptor, blocks == "blocks")
os.dup2(descriptor, 1)
os.dup2(descriptor, 2)
os.execvp(command[0], command)
"""
_RECENT = 1 << 20  # bytes in which a text is looked for again
KINDS = ("pipe", "non-blocking pipe", "terminal", "non-blocking terminal")


class Unread:
    """`before`: what runs a command that writes to it. Nothing is taken off it until somebody reads."""

    def __init__(self, before: tuple[str, ...], reader: int, let_go: Callable[[], None]) -> None:
        self.before = before
        self._reader = reader
        self._let_go = let_go
        self._text = bytearray()

    def reads_until(self, part: str) -> str:
        """All that has come, once `part` is there."""
        self._let_go()

        def there() -> bool:
            try:
                while True:
                    self._text += os.read(self._reader, 1 << 20)
            except BlockingIOError:
                return self._text.find(part.encode(), -_RECENT) >= 0

        wait_until(there, f"{part!r} to be read")
        return self._text.decode()

    def goes(self) -> None:
        """Nobody will read it any more."""
        nowhere = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nowhere, self._reader)
        os.close(nowhere)


@contextmanager
def unread(directory: Path, kind: str, *, full: bool = False) -> Iterator[Unread]:
    """One of KINDS. `full`: a pipe that takes nothing from the start; a terminal is stopped anyway."""
    blocks = "does not" if kind.startswith("non-blocking") else "blocks"
    if kind.endswith("terminal"):
        reader, follower = pty.openpty()
        path = Path(os.ttyname(follower))
        termios.tcflow(follower, termios.TCOOFF)  # what Ctrl-S does
    else:
        path = directory / "screen"
        os.mkfifo(path)
        reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        follower = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
        if full:
            _fill(follower)

    def let_go() -> None:
        if kind.endswith("terminal"):
            termios.tcflow(follower, termios.TCOON)

    os.set_blocking(reader, False)
    try:
        yield Unread((sys.executable, "-c", _TO, str(path), blocks), reader, let_go)
    finally:
        os.close(follower)
        os.close(reader)


def _fill(descriptor: int) -> None:
    for size in (1 << 16, 1):
        try:
            while True:
                os.write(descriptor, b"." * size)
        except BlockingIOError:
            pass
