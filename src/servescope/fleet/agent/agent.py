"""One worker's agent, from its errand to the worker's end.

In: an `Errand`, a model's directory on this machine. Out: a worker that is joined to the front end, its lines, measurements
and end. The worker ends with its agent (`worker.parent`), and so does, by `offspring`, what its handler started.
"""

import asyncio
import os
import re
import socket
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from servescope import __version__
from servescope.fleet.agent.control import Control
from servescope.fleet.agent.joining import join
from servescope.fleet.agent.usage import Usage
from servescope.fleet.agent.watching import Watching
from servescope.fleet.backends.child import Child
from servescope.fleet.launch import worker_command, worker_environment
from servescope.fleet.offspring.family import Offspring
from servescope.wire.agent import Ended, Errand, Measured, Role, Said, Started
from servescope.wire.measured.folded import FoldedReader
from servescope.wire.measured.lines import LineReader
from servescope.wire.measured.memory import create, mapped
from servescope.wire.measured.reading import reader_of
from servescope.wire.measured.update import MetricUpdate

# Lines of a mode that logs go round in a small ring, which a worker waits for; what is added up can wait for the next look.
_EACH_S = 0.05
_FOLDED_S = 1.0
# How often it is looked what the worker takes, seconds.
_USED_S = 2.0
# Updates in one message.
_AT_ONCE = 500
# How long what a worker wrote last may take to come in after its end, and the front end to have heard of that, seconds.
_LAST_LINES_S = 0.5
_FAREWELL_S = 5.0


class Agent:
    """`environ`: what the worker's environment is made of. `offspring` has been started."""

    def __init__(self, errand: Errand, environ: Mapping[str, str], offspring: Offspring) -> None:
        self._errand = errand
        self._environ = environ
        self._memory = create()
        self._measured: FoldedReader | LineReader | None = reader_of(mapped(self._memory), errand.measuring)
        self._each = errand.measuring is not None and errand.measuring.each
        self._child = Child(self._said, self._exited, offspring)
        self._watching = Watching(lambda watched: self._control.send(watched))
        self._control = Control(self._tell_measured, self._child.kill, self._hush, self._watching.begin)
        self._lines: list[tuple[str, str]] = []
        self._over: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def run(self) -> str:
        """Until the worker has ended; why there was none, or "".

        Raises:
            OSError: the front end cannot be reached, or does not take it.
        """
        loop = asyncio.get_running_loop()
        connection = await join(self._errand, Role.CONTROL)
        await loop.create_connection(lambda: self._control, sock=connection)
        try:
            if self._errand.version != __version__:
                raise OSError(f"its node has Servescope {__version__}, the front end {self._errand.version}")
            await self._start()
        except OSError as error:
            why = f"{socket.gethostname()}: {error}"
            await self._part(Ended(1, why))
            return why
        telling = [asyncio.create_task(keep()) for keep in (self._keep_telling, self._keep_looking)]
        status = await self._over
        for task in telling:
            task.cancel()
        self._watching.end()
        await self._end(status)
        return ""

    async def _start(self) -> None:
        errand = self._errand
        directory = Path(errand.model_dir)
        with ExitStack() as ours:
            ours.callback(os.close, self._memory)
            channel = ours.enter_context(await join(errand, Role.CHANNEL))
            probe = ours.enter_context(await join(errand, Role.PROBE))
            await self._child.start(
                worker_command(sys.executable),
                self._environment(),
                directory,
                (channel.fileno(), probe.fileno(), self._memory),
            )
        self._control.send(Started(self._child.pid, socket.gethostname(), errand.node, str(directory), errand.gpu_id))
        if self._control.lost.is_set():  # while it was started
            self._child.kill()

    def _environment(self) -> dict[str, str]:
        errand = self._errand
        blacklist = re.compile(errand.blacklist) if errand.blacklist else None
        inherited = {**self._environ, **errand.environment}
        return worker_environment(inherited, blacklist, errand.model_dir, errand.handler, venv=False)

    def _exited(self, status: int) -> None:
        self._over.set_result(status)

    async def _end(self, status: int) -> None:
        """Tell all that is left, and wait until that is heard."""
        try:
            await asyncio.wait_for(self._child.drained.wait(), _LAST_LINES_S)
        except TimeoutError:
            pass  # somebody who has left its group holds its output open
        self._child.part()
        self._tell_lines()
        self._tell_measured(final=True)
        await self._part(Ended(status))

    async def _part(self, last: Ended) -> None:
        self._control.send(last)
        try:
            await asyncio.wait_for(self._control.lost.wait(), _FAREWELL_S)
        except TimeoutError:
            self._control.close()

    def _said(self, stream: str, line: str) -> None:
        if not self._lines:
            asyncio.get_running_loop().call_soon(self._tell_lines)
        self._lines.append((stream, line))

    def _tell_lines(self) -> None:
        """One message for each run of lines of one stream."""
        lines, self._lines = self._lines, []
        run: list[str] = []
        for number, (stream, line) in enumerate(lines):
            run.append(line)
            if number + 1 == len(lines) or lines[number + 1][0] != stream:
                self._control.send(Said(stream, run))
                run = []

    def _hush(self, on: bool) -> None:  # a protocol's callback
        if self._child.pid:
            self._child.hush(on=on)

    async def _keep_telling(self) -> None:
        while True:
            await asyncio.sleep(_EACH_S if self._each else _FOLDED_S)
            if not self._control.choked:
                self._tell_measured()

    async def _keep_looking(self) -> None:
        """Tell what the worker takes of this machine."""
        usage = Usage(self._child.pid, gpus=self._errand.gpu_id is not None)
        while True:
            await asyncio.sleep(_USED_S)
            used = await asyncio.to_thread(usage.look)
            if used is not None:
                self._control.send(used)

    def _tell_measured(self, *, final: bool = False) -> None:
        """All that was written since the last time."""
        updates = self._take(final=final)
        for start in range(0, len(updates), _AT_ONCE):
            self._control.send(Measured(updates[start : start + _AT_ONCE], time.monotonic(), last=False))
        self._control.send(Measured([], time.monotonic(), last=True))

    def _take(self, *, final: bool) -> list[MetricUpdate]:
        """What is new in the memory. A worker that has written something else there is not asked again, and said to be."""
        if self._measured is None:
            return []
        try:
            return self._measured.take(final=final)
        except Exception as error:
            self._measured = None
            self._said("stderr", f"What the worker measures cannot be read, and is not read any more: {error}")
            return []
