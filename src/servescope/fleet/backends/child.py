"""A process as a child of this one: its lines, its end, and an end of it.

Workers are, of `process` in the front end and of `fleet.agent` on the machine of one that runs elsewhere; and so are the processes
that speak HTTP beside the front end (`web.front_ends`).
"""

import asyncio
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import cast

from servescope.fleet.offspring.family import Offspring, end_group
from servescope.wire.records import LINE_LIMIT, MARK

_STREAMS = {1: "stdout", 2: "stderr"}
_LONGEST_LINE = 64 * 1024
_MARK = MARK.encode()


def _nobody(_status: int) -> None:
    """Who wanted to know has parted."""


class Child(asyncio.SubprocessProtocol):
    """Leads a process group of its own. `said` hears of each line, `exited` of its end with its status, or minus the signal."""

    pid = 0

    def __init__(self, said: Callable[[str, str], None], exited: Callable[[int], None], offspring: Offspring) -> None:
        self._said = said
        self._exited = exited
        self._offspring = offspring
        self.drained = asyncio.Event()  # it has ended, and all that it wrote is told
        self._partial = {1: b"", 2: b""}
        self._gone = False

    async def start(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        directory: Path,
        handed_down: Sequence[int],
        more: Sequence[str] = (),
    ) -> None:
        """Start it in a directory, with these descriptors, which it is told behind the command, and what `more` it is told.

        Raises:
            OSError: the interpreter or the directory is missing, or there is no room for another process.
        """
        await asyncio.get_running_loop().subprocess_exec(
            lambda: self,
            *command,
            *map(str, handed_down),
            *more,
            stdin=subprocess.DEVNULL,
            env={**environment, **self._offspring.marker},
            cwd=str(directory),
            pass_fds=handed_down,
        )

    def kill(self) -> None:
        """End it now, with everything it started."""
        if self.pid and not self._gone and not end_group(self.pid):  # it has yet to make a group of its own
            with suppress(ProcessLookupError):  # or the loop has reaped it, and tells of its end next
                os.kill(self.pid, signal.SIGKILL)

    def hush(self, *, on: bool) -> None:
        """Read no more of what it writes, so that it has to wait, or go on."""
        for descriptor in _STREAMS:
            pipe = cast("asyncio.ReadTransport | None", self._transport.get_pipe_transport(descriptor))
            if pipe is not None and not pipe.is_closing():
                (pipe.pause_reading if on else pipe.resume_reading)()

    def part(self) -> None:
        """All is known of it: hold nobody any longer."""
        self._exited = _nobody
        del self._transport  # which holds this

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See `asyncio.SubprocessProtocol`."""
        self._transport = cast("asyncio.SubprocessTransport", transport)
        self.pid = self._transport.get_pid()
        self._offspring.began(self.pid)

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """See `asyncio.SubprocessProtocol`."""
        *lines, rest = (self._partial[fd] + data).split(b"\n")
        if len(rest) > _longest(rest):
            lines, rest = [*lines, rest], b""
        self._partial[fd] = rest
        for line in chain.from_iterable(map(_pieces, lines)):
            self._said(_STREAMS[fd], line.decode("utf-8", "replace").rstrip("\r"))

    def pipe_connection_lost(self, fd: int, _exc: Exception | None) -> None:
        """See `asyncio.SubprocessProtocol`."""
        if fd in self._partial and (rest := self._partial[fd]):
            self._partial[fd] = b""
            self._said(_STREAMS[fd], rest.decode("utf-8", "replace"))

    def process_exited(self) -> None:
        """See `asyncio.SubprocessProtocol`."""
        self._gone = True
        end_group(self.pid)  # what the handler started would outlive it, and hold a GPU's memory or a port
        self._offspring.ended(self.pid)
        status = self._transport.get_returncode()
        self._exited(-signal.SIGKILL if status is None else status)

    def connection_lost(self, _exc: Exception | None) -> None:
        """See `asyncio.SubprocessProtocol`."""
        self.drained.set()


def _longest(line: bytes) -> int:
    """Bytes that it may have: a record has its own bound, and would be none in pieces."""
    return LINE_LIMIT if _MARK in line else _LONGEST_LINE


def _pieces(line: bytes) -> list[bytes]:
    """A line of the log, or several where it is longer than one may be."""
    if len(line) <= _longest(line):
        return [line]
    return [line[start : start + _LONGEST_LINE] for start in range(0, len(line), _LONGEST_LINE)]
