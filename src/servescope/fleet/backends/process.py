"""Workers as child processes of the front end, joined by two socket pairs, the channel and the probe, and by shared memory in
which they measure. The default backend.

All are handed down by their descriptors, so there is no path to clean up, no port to guard and no connect to time out; either
side's death shows to the other as the end of the stream. The memory stays, so what a worker measured does not die with it.
"""

import asyncio
import os
import socket
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from servescope.fleet.backends.child import Child
from servescope.fleet.backends.descriptors import require_descriptors
from servescope.fleet.backends.link import Channel, Link
from servescope.fleet.launch import LaunchPlan, WorkerEvents, worker_command
from servescope.fleet.offspring.family import Offspring
from servescope.wire.frames import Buffer
from servescope.wire.measured.memory import create, mapped
from servescope.wire.measured.reading import reader_of
from servescope.wire.messages import ToWorker
from servescope.wire.spooled.body import Attachment
from servescope.wire.spooled.placing import Placed, placed


class _Process(Link):
    """A worker that is this process's child."""

    def __init__(self, events: WorkerEvents, offspring: Offspring) -> None:
        super().__init__(events)
        self.child = Child(events.line_received, self.process_gone, offspring)

    def kill(self) -> None:
        self.child.kill()

    def attach(self, channel: asyncio.WriteTransport) -> None:
        super().attach(channel)
        self.pid = self.child.pid

    def _parted(self) -> None:
        self.child.part()

    def _beside(
        self, message: ToWorker, attachments: Sequence[Attachment]
    ) -> tuple[ToWorker | Placed, Sequence[Buffer]]:
        return placed(message, attachments)


class ProcessBackend:
    """Starts workers as children of this process, each the leader of its own process group, and tells `offspring` of them."""

    def __init__(self, offspring: Offspring) -> None:
        self._offspring = offspring

    async def launch(self, plan: LaunchPlan, directory: Path, events: WorkerEvents) -> _Process:
        """Start a worker in `directory`.

        Raises:
            OSError: the interpreter or the directory is missing, or there is no room for another process or its descriptors.
        """
        loop = asyncio.get_running_loop()
        process = _Process(events, self._offspring)
        require_descriptors()
        with ExitStack() as near, ExitStack() as far:
            channel, far_channel = _pair(near, far)
            probe, far_probe = _pair(near, far)
            memory = create()
            far.callback(os.close, memory)
            measured = reader_of(mapped(memory), plan.load.measuring)
            handed_down = (far_channel.fileno(), far_probe.fileno(), memory)
            module, more = plan.program
            command = worker_command(plan.python, module)
            await process.child.start(command, plan.environment, directory, handed_down, more)
            near.pop_all()
        try:
            await loop.create_unix_connection(lambda: process.probe, sock=probe)
            joined, _ = await loop.create_unix_connection(
                lambda: Channel(process, plan.reply_limit, events.message_received), sock=channel
            )
        except BaseException:
            process.kill()
            raise
        process.attach(joined)
        events.metrics_offered(measured)
        return process


def _pair(near: ExitStack, far: ExitStack) -> tuple[socket.socket, socket.socket]:
    """A joined pair, each end closed by its stack."""
    ours, theirs = socket.socketpair()
    return near.enter_context(ours), far.enter_context(theirs)
