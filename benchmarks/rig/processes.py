"""The processes of a server under test, read from /proc.

In: the session id that a server was started under (`start_new_session`). Out: its live processes, their processor time,
which of them is the front end; and their end. Called by servers.py and the benchmarks. Linux only.
"""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
POLL_S = 0.05


@dataclass(frozen=True)
class Member:
    """One live process; `cpu_s` is user and system time in seconds, that of its children who ended included."""

    pid: int
    parent: int
    session: int
    cpu_s: float


def _read(pid: int) -> Member | None:
    try:
        text = (PROC / str(pid) / "stat").read_text()
    except OSError:  # it ended between the listing and now
        return None
    # The command name may hold spaces and brackets, so count from the last bracket on.
    state, parent, _group, session, *rest = text.rpartition(")")[2].split()
    if state in "ZX":
        return None
    cpu_ticks = sum(int(ticks) for ticks in rest[7:11])
    return Member(pid, int(parent), int(session), cpu_ticks / TICKS_PER_SECOND)


def members(session: int) -> list[Member]:
    """Every live process of `session`, and their descendants even where those opened a session of their own."""
    pids = [int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit()]
    alive = [found for found in map(_read, pids) if found is not None]
    inside = {process.pid for process in alive if process.session == session}
    while grown := {p.pid for p in alive if p.parent in inside} - inside:
        inside |= grown
    return [process for process in alive if process.pid in inside]


def cpu_seconds(session: int) -> float:
    """Processor time in seconds that the session's processes have used so far."""
    return sum(process.cpu_s for process in members(session))


def process_cpu_seconds(pid: int) -> float:
    """Processor time in seconds that one process has used so far. Raises LookupError where it is gone."""
    found = _read(pid)
    if found is None:
        raise LookupError(f"process {pid} is gone")
    return found.cpu_s


def front_end(session: int) -> int:
    """The pid of the session's process whose parent is outside it: TorchServe's JVM, or Servescope's front end.

    Raises LookupError where there is not exactly one, as while TorchServe's launcher is still alive.
    """
    found = members(session)
    pids = {process.pid for process in found}
    roots = [process.pid for process in found if process.parent not in pids]
    if len(roots) != 1:
        raise LookupError(f"session {session} has {len(roots)} processes with a parent outside it, not 1: {roots}")
    return roots[0]


def _signal_all(session: int, number: signal.Signals) -> None:
    for process in members(session):
        try:
            os.kill(process.pid, number)
        except ProcessLookupError:
            pass  # it ended by itself meanwhile


def end(session: int, patience_s: float = 15.0) -> bool:
    """End the session's processes: SIGTERM to the group, then SIGKILL to whoever is left after `patience_s` seconds.

    Returns whether SIGTERM was enough. Raises TimeoutError where a process outlives SIGKILL by 5 seconds.
    """
    try:
        os.killpg(session, signal.SIGTERM)
    except ProcessLookupError:
        pass  # the leader is gone; others may be left in sessions of their own
    if _wait_for_none(session, patience_s):
        return True
    _signal_all(session, signal.SIGKILL)
    if not _wait_for_none(session, 5.0):
        raise TimeoutError(f"processes of session {session} outlived SIGKILL: {members(session)}")
    return False


def _wait_for_none(session: int, patience_s: float) -> bool:
    deadline = time.monotonic() + patience_s
    while members(session):
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_S)
    return True
