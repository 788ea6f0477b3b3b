"""What the kernel says of processes, and who descends from whom.

In: /proc/PID/stat. Out: `ProcessStat`s. Read by the collectors `process`, `workers` and `gpu`, and for the
`memoryUsage` of a worker's description.
"""

import os
from collections.abc import Callable, Collection
from pathlib import Path

from msgspec import Struct

_MOST_ANCESTORS = 64


class ProcessStat(Struct, frozen=True):
    """One process. Ticks are clock ticks (SC_CLK_TCK): its own processor time, that of children that ended and were
    waited for, and the time since boot at which it started.
    """

    pid: int
    parent: int
    group: int
    own_ticks: int
    reaped_ticks: int
    start_ticks: int
    virtual_bytes: int
    resident_pages: int


def parse_stat(text: str) -> ProcessStat:
    """The fields of proc_pid_stat(5). The name, in parentheses, may itself hold blanks and parentheses.

    Raises ValueError where the text is no such line.
    """
    head, _, rest = text.rpartition(")")
    fields = rest.split()
    pid, _, _ = head.partition(" ")
    if not pid.isdecimal() or len(fields) < 22:
        raise ValueError(f"/proc/PID/stat reads {text!r}")
    return ProcessStat(
        pid=int(pid),
        parent=int(fields[1]),
        group=int(fields[2]),
        own_ticks=int(fields[11]) + int(fields[12]),
        reaped_ticks=int(fields[13]) + int(fields[14]),
        start_ticks=int(fields[19]),
        virtual_bytes=int(fields[20]),
        resident_pages=int(fields[21]),
    )


def read_process(proc: Path, pid: int | str) -> ProcessStat | None:
    """The process, None where there is none (any more) or the system hides it. `pid` may be `self`."""
    try:
        text = (proc / str(pid) / "stat").read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return None
    return parse_stat(text) if text else None


def read_processes(proc: Path, but: Collection[int] = ()) -> dict[int, ProcessStat]:
    """All processes of the system `but` these, by id, in one pass."""
    pids = [int(name) for name in os.listdir(proc) if name.isdecimal()]
    return {pid: stat for pid in pids if pid not in but and (stat := read_process(proc, pid)) is not None}


def owner_of(pid: int, find: Callable[[int], ProcessStat | None], leaders: Collection[int]) -> int | None:
    """Which of `leaders`, processes that lead a process group each, this process belongs to: it is the leader, or of its
    group (which a process keeps when its parent ends), or descends from one that is.
    """
    for _ in range(_MOST_ANCESTORS):
        if pid in leaders:
            return pid
        stat = find(pid)
        if stat is None:
            return None
        if stat.group in leaders:
            return stat.group
        pid = stat.parent
    return None
