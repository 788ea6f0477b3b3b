"""`python -I -S watcher.py LEDGER`: ends what a server has started once the server is gone, however it went.

In, on standard input: `+PID` where the server has started the leader of a process group, `-PID` where that one is over. At the
input's end, which is the server's, all groups that are left are killed. Meanwhile the file LEDGER names them, for
`offspring.strays`, should this process be killed too.

Launched by `offspring.family`. A process of its own, since a worker can do nothing while a handler's C code holds the
interpreter's lock; and small, as it imports nothing.
"""

import os
import signal
import sys

# The server's to handle, or nobody's: this process ends when the server does, and not before.
IGNORED = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)


def started_at(pid: int) -> int:
    """When a process began, in clock ticks since the system's start; 0 where there is no such process."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat:
            # The name stands in parentheses and may hold any character; the field is the twentieth after it.
            return int(stat.read().rpartition(b")")[2].split()[19])
    except (OSError, IndexError):
        return 0


def note(ledger: str, groups: dict[int, int]) -> None:
    """Write the ledger anew. A full disk costs the next server's knowledge, not this one's."""
    try:
        with open(f"{ledger}.new", "w") as file:
            file.writelines(f"{pid} {began}\n" for pid, began in groups.items())
        os.replace(f"{ledger}.new", ledger)
    except OSError:
        pass


def main() -> None:
    """Take notes until the input ends, and then end who is left."""
    for number in IGNORED:
        signal.signal(number, signal.SIG_IGN)
    groups: dict[int, int] = {}
    for line in sys.stdin.buffer:
        pid = int(line[1:])
        if line.startswith(b"+"):
            groups[pid] = started_at(pid)
        else:
            groups.pop(pid, None)
        note(sys.argv[1], groups)
    for pid in groups:
        try:
            os.killpg(pid, signal.SIGKILL)
        except OSError:  # nobody is in it any more
            pass


if __name__ == "__main__":
    main()
