"""Workers as child processes of the front end, joined by two socket pairs, the channel and the probe, and by shared memory in
which they measure. The default backend.

All are handed down by their descriptors, so there is no path to clean up, no port to guard and no connect to time out; either
side's death shows to the other as the end of the stream. The memory stays, so what a worker measured does not die with it.
"""

import asyncio
import logging
import os
import signal
import socket
import subprocess
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from itertools import chain
from pathlib import Path
from typing import cast

import msgspec

from servescope.fleet.backends.descriptors import require_descriptors
from servescope.fleet.backends.probe import Probe
from servescope.fleet.launch import LaunchPlan, WorkerEvents
from servescope.fleet.offspring.family import Offspring, end_group
from servescope.wire.frames import Buffer, FrameReader, FrameTooLarge, encode
from servescope.wire.measured.memory import create, mapped
from servescope.wire.measured.reading import reader_of
from servescope.wire.messages import FromWorker, ToWorker
from servescope.wire.records import LINE_LIMIT, MARK

logger = logging.getLogger("servescope.fleet")

_STREAMS = {1: "stdout", 2: "stderr"}
_LONGEST_LINE = 64 * 1024
_MARK = MARK.encode()
_LAST_WORDS_S = 1.0
_decoder: "msgspec.msgpack.Decoder[FromWorker]" = msgspec.msgpack.Decoder(FromWorker)


class _Channel(asyncio.Protocol):
    """Frames in, messages out. A worker that breaks the protocol or the size limit is killed."""

    def __init__(self, process: "_Process", limit: int) -> None:
        self._process = process
        self._feed = FrameReader(_decoder, limit).feed

    def data_received(self, data: bytes) -> None:
        try:
            for message, attachments in self._feed(data):
                self._process.events.message_received(message, attachments)
        except (FrameTooLarge, msgspec.DecodeError) as error:
            self._process.end_because(str(error))
        except Exception as error:
            logger.exception("A worker's message could not be taken in")
            self._process.end_because(f"{type(error).__name__}: {error}")

    def connection_lost(self, _exc: Exception | None) -> None:
        self._process.channel_lost()


class _Process(asyncio.SubprocessProtocol):
    """One child: its link for the owner, its lines and its end for the owner's events."""

    pid = 0

    def __init__(self, events: WorkerEvents, offspring: Offspring) -> None:
        self.events = events
        self._offspring = offspring
        self.probe = Probe(self._metrics_offered)
        self._partial = {1: b"", 2: b""}
        self._channel: asyncio.WriteTransport | None = None
        self._loop = asyncio.get_running_loop()
        self._gone = False
        self._why: str | None = None
        self._outgoing: list[Buffer] = []
        self._channel_ended = self._told = False

    def attach(self, channel: asyncio.WriteTransport) -> None:
        """The channel to the started child is open."""
        self._channel = channel

    def _metrics_offered(self, probe: Probe) -> None:
        if not self._gone:
            self.events.metrics_offered(probe)

    def send(self, message: ToWorker, attachments: Sequence[Buffer] = ()) -> None:
        channel = self._channel
        if channel is None or channel.is_closing():
            return
        # What one turn of the loop has for the child goes out in one write at its end: a write costs more than a batch.
        if not self._outgoing:
            self._loop.call_soon(self._flush)
        self._outgoing.append(encode(message, attachments))
        if attachments:
            self._outgoing += attachments

    def _flush(self) -> None:
        outgoing, self._outgoing = self._outgoing, []
        if self._channel is not None and not self._channel.is_closing():
            self._channel.writelines(outgoing)

    def kill(self) -> None:
        if self.pid and not self._gone and not end_group(self.pid):  # it has yet to make a group of its own
            with suppress(ProcessLookupError):  # or the loop has reaped it, and tells of its end next
                os.kill(self.pid, signal.SIGKILL)

    def end_because(self, why: str) -> None:
        """End a child that cannot be worked with."""
        if not self._gone and self._why is None:
            self._why = why
            self.events.line_received("stderr", f"The worker is ended: {why}")
            self.kill()

    def channel_lost(self) -> None:
        """Without a channel a child is of no use, but it gets a second to end with a status that tells why."""
        self._channel_ended = True
        if self._gone:
            self._tell_end()
        else:
            self._loop.call_later(_LAST_WORDS_S, self.end_because, "it closed its channel")

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        *lines, rest = (self._partial[fd] + data).split(b"\n")
        if len(rest) > _longest(rest):
            lines, rest = [*lines, rest], b""
        self._partial[fd] = rest
        for line in chain.from_iterable(map(_pieces, lines)):
            self.events.line_received(_STREAMS[fd], line.decode("utf-8", "replace").rstrip("\r"))

    def pipe_connection_lost(self, fd: int, _exc: Exception | None) -> None:
        if fd in self._partial and (rest := self._partial[fd]):
            self._partial[fd] = b""
            self.events.line_received(_STREAMS[fd], rest.decode("utf-8", "replace"))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._child = cast("asyncio.SubprocessTransport", transport)
        self.pid = self._child.get_pid()
        self._offspring.began(self.pid)

    def process_exited(self) -> None:
        self._gone = True
        end_group(self.pid)  # what the handler started would outlive it, and hold a GPU's memory or a port
        self._offspring.ended(self.pid)
        if self._channel is None or self._channel_ended:
            self._tell_end()
            return
        # Which batch it had begun on is told by the answers it gave: those on their way are waited for.
        self.events.ending()
        self._loop.call_later(_LAST_WORDS_S, self._tell_end)

    def _tell_end(self) -> None:
        if self._told:
            return
        self._told = True
        self.probe.close()
        if self._channel is not None:
            self._channel.close()
        status = self._child.get_returncode()
        del self._child  # which holds this
        self.events.ended(-signal.SIGKILL if status is None else status, self._why)


def _longest(line: bytes) -> int:
    """Bytes that it may have: a record has its own bound, and would be none in pieces."""
    return LINE_LIMIT if _MARK in line else _LONGEST_LINE


def _pieces(line: bytes) -> list[bytes]:
    """A line of the log, or several where it is longer than one may be."""
    if len(line) <= _longest(line):
        return [line]
    return [line[start : start + _LONGEST_LINE] for start in range(0, len(line), _LONGEST_LINE)]


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
            await self._start(process, plan, directory, (far_channel.fileno(), far_probe.fileno(), memory))
            near.pop_all()
        try:
            await loop.create_unix_connection(lambda: process.probe, sock=probe)
            joined, _ = await loop.create_unix_connection(lambda: _Channel(process, plan.reply_limit), sock=channel)
        except BaseException:
            process.kill()
            raise
        process.attach(joined)
        events.metrics_offered(measured)
        return process

    async def _start(self, process: _Process, plan: LaunchPlan, directory: Path, handed_down: Sequence[int]) -> None:
        """Start `worker.__main__` with the descriptors of the channel, the probe and the memory."""
        await asyncio.get_running_loop().subprocess_exec(
            lambda: process,
            plan.python,
            "-m",
            "servescope.worker",
            *map(str, handed_down),
            stdin=subprocess.DEVNULL,
            env={**plan.environment, **self._offspring.marker},
            cwd=str(directory),
            pass_fds=handed_down,
        )


def _pair(near: ExitStack, far: ExitStack) -> tuple[socket.socket, socket.socket]:
    """A joined pair, each end closed by its stack."""
    ours, theirs = socket.socketpair()
    return near.enter_context(ours), far.enter_context(theirs)
