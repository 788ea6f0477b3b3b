"""Whether the kernel killed a process for want of memory: it tells by a counter, not by the signal, which is SIGKILL as anyone's.

In: cgroup v2's memory.events, or where there is none /proc/vmstat, which counts for the whole host. Asked by
`fleet.worker.worker` when a process was killed. Made by `server`.
"""

from pathlib import Path


def parse_oom_kills(text: str) -> int:
    """The counter `oom_kill` of a file of names and numbers, 0 where it is not there (kernels before 4.13)."""
    for line in text.splitlines():
        name, _, number = line.partition(" ")
        if name == "oom_kill" and number.strip().isdecimal():
            return int(number)
    return 0


class OomKills:
    """The kernel's kills since this was made. `files`: where they are counted, the first that is there counts."""

    def __init__(self, files: tuple[Path, ...] = (Path("/sys/fs/cgroup/memory.events"), Path("/proc/vmstat"))) -> None:
        self._file = next((file for file in files if _read(file) is not None), None)
        self._seen = self._count()

    def _count(self) -> int:
        return parse_oom_kills(_read(self._file) or "") if self._file is not None else 0

    def take(self) -> bool:
        """Whether there was a kill that nobody has taken yet; it is the caller's then."""
        if self._count() <= self._seen:
            return False
        self._seen += 1
        return True


def _read(file: Path) -> str | None:
    try:
        return file.read_text()
    except OSError:
        return None
