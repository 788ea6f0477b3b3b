"""Processes that this one is given when their parents end: a container's process 1 gets them, and a subreaper; whoever gets them
has to reap them, or they stay as zombies.

Whose end somebody else here waits for must be left to that somebody, who would never learn of it otherwise: the family's own
processes are, and any other's that has not been a zombie for a whole look (a library may run a program). Asked by
`server.processes` once a second.
"""

import ctypes
import os
from collections.abc import Callable, Iterator
from contextlib import suppress

_PR_GET_CHILD_SUBREAPER = 37


def is_given_orphans() -> bool:
    """Whether this process is process 1, or has been made a subreaper."""
    if os.getpid() == 1:
        return True
    subreaper = ctypes.c_int(0)
    ctypes.CDLL(None).prctl(_PR_GET_CHILD_SUBREAPER, ctypes.byref(subreaper), 0, 0, 0)
    return bool(subreaper.value)


class Orphans:
    """Reaps them. `own`: whether a process is one whose end somebody here waits for."""

    def __init__(self, own: Callable[[int], bool]) -> None:
        self._own = own
        self._seen: set[int] = set()

    def look(self) -> int:
        """Reap those that were there at the look before; how many."""
        if not _any_dead():
            self._seen.clear()
            return 0
        dead = {pid for pid in _dead_children() if not self._own(pid)}
        reaped = dead & self._seen
        for pid in reaped:
            with suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
        self._seen = dead - reaped
        return len(reaped)


def _any_dead() -> bool:
    """Whether any child has ended and is not reaped: one call, where there mostly is none."""
    try:
        return os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:
        return False


def _dead_children() -> Iterator[int]:
    me = str(os.getpid()).encode()
    for entry in os.scandir("/proc"):
        if not entry.name.isdecimal():
            continue
        try:
            with open(f"/proc/{entry.name}/stat", "rb") as stat:
                state, parent = stat.read().rpartition(b")")[2].split()[:2]
        except (OSError, ValueError):
            continue
        if state == b"Z" and parent == me:
            yield int(entry.name)
