"""The process table: fields of /proc/PID/stat, and whose process is whose."""

import os
from pathlib import Path

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.collectors.machine import Machine
from servescope.metrics.collectors.process_table import ProcessStat, owner_of, parse_stat, read_process, read_processes


@given(name=st.text(max_size=16), pid=st.integers(1, 2**22), own=st.integers(0, 2**60), pages=st.integers(0, 2**40))
def test_any_name(name: str, pid: int, own: int, pages: int) -> None:
    """A process may call itself `) R 1 1 (` or put line ends into its name."""
    text = f"{pid} ({name}) R 7 8 9 0 -1 0 1 2 3 4 {own} 2 30 4 20 0 1 0 500 4096 {pages} 99 1 1\n"
    assert parse_stat(text) == ProcessStat(
        pid=pid, parent=7, group=8, own_ticks=own + 2, reaped_ticks=34, start_ticks=500, virtual_bytes=4096,
        resident_pages=pages,
    )  # fmt: skip


@pytest.mark.parametrize("text", ["", "1 (x) R 1 2", "x (y) " + "0 " * 30])
def test_unusable(text: str) -> None:
    """The error shows the line."""
    with pytest.raises(ValueError, match="/proc/PID/stat reads"):
        parse_stat(text)


@pytest.mark.parametrize("pid", [4712, 4713])
def test_a_process_that_is_gone(tmp_path: Path, pid: int) -> None:
    """Its folder is not there, or, on its way out, its line is empty."""
    (tmp_path / "4713").mkdir()
    (tmp_path / "4713/stat").write_text("")
    assert read_process(tmp_path, pid) is None
    assert read_processes(tmp_path) == {}


def test_owners(tmp_path: Path) -> None:
    """The leader, what descends from it, what it left behind in its group, and the child of a stray of its own
    group; nobody else's.
    """
    machine = Machine(tmp_path)
    machine.run(1, 0)
    machine.run(10, 1, 10)
    machine.run(11, 10, 10)
    machine.run(12, 11, 12)  # a group of its own, but a child
    machine.run(13, 1, 10)  # its parent has ended
    machine.run(14, 13, 14)
    machine.run(20, 1, 20)
    machine.run(30, 31, 30)  # its parent is hidden
    table = read_processes(tmp_path)
    owners = {pid: owner_of(pid, table.get, {10, 20}) for pid in table}
    assert owners == {1: None, 10: 10, 11: 10, 12: 10, 13: 10, 14: 10, 20: 20, 30: None}


def test_a_circle(tmp_path: Path) -> None:
    """Two snapshots in one may show one process above the other and below it."""
    machine = Machine(tmp_path)
    machine.run(5, 6, 5)
    machine.run(6, 5, 6)
    assert owner_of(5, read_processes(tmp_path).get, {10}) is None


def test_this_machine() -> None:
    """The test's own process, as psutil sees it."""
    stat = read_processes(Path("/proc"))[os.getpid()]
    assert stat.parent == os.getppid()
    assert stat.group == os.getpgrp()
    assert stat.resident_pages * os.sysconf("SC_PAGE_SIZE") == pytest.approx(
        psutil.Process().memory_info().rss, rel=0.05
    )
