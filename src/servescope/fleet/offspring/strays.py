"""What a server that was killed has left running, where its watcher was killed too: its workspace in, an end of them out.

`runtime` asks for each workspace that nobody holds any more, before it is removed. Such processes hold GPUs' memory and ports
that the new server needs. A process id proves nothing, as the system deals it again: a process is ended only where its
environment names that very workspace, or where it is the very worker that the ledger tells of, started at that moment. Of others
that may be meant, the log tells.
"""

import logging
import os
import time
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from servescope.fleet.offspring.family import LEDGER, MARKER
from servescope.fleet.offspring.handle import Handle, started_at

PATIENCE_S = 5.0

logger = logging.getLogger("servescope.fleet")


class Candidate(Struct, frozen=True):
    """A process that may be a stray. `marked`: its environment says that the server in question started it, or one of its
    workers; None: it has none that can be read, which those that change their title have overwritten.
    """

    pid: int
    group: int
    marked: bool | None
    command: str


def read_ledger(text: str) -> dict[int, int]:
    """Process groups by their leaders' ids, with the leaders' starts in clock ticks. Lines that make no sense are left out."""
    groups = {}
    for line in text.splitlines():
        words = line.split(":")
        if len(words) == 2 and all(word.isdecimal() for word in words):
            groups[int(words[0])] = int(words[1])
    return groups


def end_strays(workspace: Path) -> None:
    """End what the server of this workspace left, and wait until it is gone; tell of what cannot be told to be its own."""
    try:
        groups = read_ledger((workspace / LEDGER).read_text())
    except (OSError, ValueError):
        groups = {}
    ended = []
    for found in _candidates(f" {workspace}", groups):
        leads = found.group in groups and found.pid == found.group and started_at(found.pid) == groups[found.pid]
        if found.group in groups and (found.marked or leads):
            if (held := _kill(found)) is not None:
                ended.append(held)
                logger.warning(
                    "Ended process %d, which a server that was killed had left: %s", found.pid, found.command
                )
        else:
            logger.warning(
                "Process %d may have been left by a server that was killed, and is not ended: %s",
                found.pid,
                found.command,
            )
    _await_ends(ended)


def _candidates(marker: str, groups: dict[int, int]) -> Iterator[Candidate]:
    """Who is marked as the server's own, or is in one of its workers' groups."""
    for entry in os.scandir("/proc"):
        if not entry.name.isdecimal():
            continue
        pid = int(entry.name)
        try:
            group = os.getpgid(pid)
            marked = _is_marked(pid, marker)
            if marked or (marked is None and group in groups and _is_ours(pid)):
                yield Candidate(pid, group, marked, _command(pid))
        except OSError:  # it has ended, or is another user's
            continue


def _is_marked(pid: int, marker: str) -> bool | None:
    words = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    if not any(b"=" in word for word in words):
        return None
    return any(word.startswith(f"{MARKER}=".encode()) and word.endswith(os.fsencode(marker)) for word in words)


def _is_ours(pid: int) -> bool:
    """Whether it is this user's, and no zombie."""
    return Path(f"/proc/{pid}").stat().st_uid == os.geteuid() and bool(Path(f"/proc/{pid}/cmdline").read_bytes())


def _command(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace").strip()[:500]


def _kill(found: Candidate) -> Handle | None:
    """A hold on the process that was killed: by it, since its id may have become another's meanwhile."""
    try:
        held = Handle(found.pid)
    except OSError:
        return None
    try:
        if os.getpgid(found.pid) == found.group and _command(found.pid) == found.command:
            held.kill()
            return held
    except OSError as error:
        logger.warning("Process %d, which a server that was killed had left, stays: %s", found.pid, error)
    held.close()
    return None


def _await_ends(killed: list[Handle]) -> None:
    """Wait until they are gone, with what they held."""
    end = time.monotonic() + PATIENCE_S
    for held in killed:
        with held:
            held.wait(max(0.0, end - time.monotonic()))
