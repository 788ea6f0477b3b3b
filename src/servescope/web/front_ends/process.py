"""A front end's process: launched by its name, with a channel, connections dealt to it, a count of what it wrote, and a shelf.

Made by `front_end`, which hears of its end. What it writes to its output, a traceback at most, goes to the log.
"""

import asyncio
import logging
import os
import socket
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from servescope.fleet.backends.child import Child
from servescope.fleet.backends.descriptors import require_descriptors
from servescope.fleet.offspring.family import Offspring
from servescope.web.front_ends import messages as said
from servescope.web.front_ends import shelf
from servescope.web.front_ends.channel import Channel
from servescope.web.front_ends.desk import Desk
from servescope.web.front_ends.shelf import Shelf
from servescope.web.front_ends.written import Written, create

logger = logging.getLogger("servescope.web")

_LAST_WORDS_S = 0.5
_HERE = Path()  # the server's own directory, which need not have a name any more
_OWN = str(Path(__file__).parents[3])
# -P: what lies in the server's directory is not imported.
COMMAND = (sys.executable, "-P", "-m", "servescope.web.front_ends.child")


class Process:
    """`desk` takes what it says. `ended` is called once, with its exit status or minus the signal, and nothing comes after that."""

    def __init__(self, number: int, desk: Desk, offspring: Offspring, ended: Callable[[int], None]) -> None:
        self.channel: Channel[said.FromFrontEnd] = Channel(said.from_front_end(), desk.takes, self._channel_lost)
        desk.channel = self.channel
        self._desk = desk
        self._number = number
        self._ended = ended
        self._child = Child(self._wrote, self._exited, offspring)
        self._silent = False
        self._status: int | None = None
        self._written: Written | None = None

    @property
    def pid(self) -> int:
        """The process id."""
        return self._child.pid

    @property
    def written(self) -> int:
        """How many answers it has handed to the system."""
        return self._written.count if self._written is not None else 0

    async def start(self, dealt: socket.socket) -> None:
        """Launch it. `dealt`: where its connections come from.

        Raises:
            OSError: there is no room for another process, or its descriptors.
        """
        require_descriptors()
        ours, theirs = socket.socketpair()
        here, there = shelf.pair()
        self._desk.shelf = Shelf(here, self._let_go)
        with ExitStack() as near, theirs, there:
            near.callback(ours.close)
            near.callback(here.close)
            memory = create()
            with ExitStack() as far:
                far.callback(os.close, memory)
                self._written = Written(memory)
                handed_down = (theirs.fileno(), dealt.fileno(), memory, there.fileno())
                await self._child.start(COMMAND, _environment(), _HERE, handed_down)
            await self.channel.open(ours)
            near.pop_all()

    def kill(self) -> None:
        """End it now."""
        self._child.kill()

    def _let_go(self, number: int, reusable: bool) -> None:
        self.channel.mention(said.Back(number, reusable))

    def _wrote(self, _stream: str, line: str) -> None:
        logger.warning("Front end %d: %s", self._number, line)

    def _channel_lost(self) -> None:
        """All that it said has come. It is of no use without a channel."""
        self._silent = True
        asyncio.get_running_loop().call_later(_LAST_WORDS_S, self._child.kill)  # its status may tell why
        self._tell()

    def _exited(self, status: int) -> None:
        self._status = status
        self._tell()

    def _tell(self) -> None:
        if self._silent and self._status is not None:
            self._desk.shelf.close()
            self._ended(self._status)


def _environment() -> dict[str, str]:
    """The server's own, with the package where this one is, behind whatever else there is."""
    paths = [path for path in (os.environ.get("PYTHONPATH", ""), _OWN) if path]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(dict.fromkeys(paths))}
