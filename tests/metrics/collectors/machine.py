"""A proc file system of a test's own making."""

from pathlib import Path


class Machine:
    """Processes under `proc`, as /proc/PID/stat tells of them."""

    def __init__(self, proc: Path) -> None:
        self.proc = proc

    def run(
        self, pid: int, parent: int = 1, group: int = 1, *, own: int = 0, reaped: int = 0, pages: int = 0,
        name: str = "python",
    ) -> None:  # fmt: skip
        """Start a process, or say how it is now; times in ticks, half of them in user mode."""
        folder = self.proc / str(pid)
        folder.mkdir(exist_ok=True)
        times = f"{own - own // 2} {own // 2} {reaped - reaped // 2} {reaped // 2}"
        line = f"{pid} ({name}) S {parent} {group} 1 0 -1 4194560 1 0 0 0 {times} 20 0 1 0 700 65536 {pages}"
        (folder / "stat").write_text(f"{line} 18446744073709551615 1 1 0 0 0\n")

    def end(self, pid: int) -> None:
        """Let a process end."""
        (self.proc / str(pid) / "stat").unlink()
        (self.proc / str(pid)).rmdir()
