"""What a killed server has left is ended; nobody else is, whatever his process id or group."""

import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.fleet.offspring.family import LEDGER, MARKER
from servescope.fleet.offspring.handle import started_at
from servescope.fleet.offspring.strays import end_strays, read_ledger

# Overwrites its environment, as those do that change their title.
CLOBBERS = """
import ctypes, re, sys, time
start, end = map(int, open("/proc/self/stat").read().rpartition(")")[2].split()[47:49])
ctypes.memset(start, 32, end - start)
print(flush=True)
time.sleep(60)
"""


@given(st.text())
def test_any_text_can_be_read(text):
    """A ledger cut short, or of another kind, has fewer groups."""
    assert all(pid >= 0 and ticks >= 0 for pid, ticks in read_ledger(text).items())


@given(st.dictionaries(st.integers(1, 1 << 22), st.integers(0, 1 << 60)))
def test_what_is_written_is_read(groups):
    """Group by group."""
    assert read_ledger("".join(f"{pid}:{ticks}\n" for pid, ticks in groups.items())) == groups


@pytest.fixture
def start(tmp_path):
    """Start a process, the leader of a group or in another's, marked or not."""
    started = []

    def start(workspace=tmp_path, group=0, code="import time; print(flush=True); time.sleep(60)"):
        environ = {MARKER: f"1 {workspace}", "A": "1"} if workspace else {"A": "1"}
        started.append(
            subprocess.Popen([sys.executable, "-c", code], process_group=group, env=environ, stdout=subprocess.PIPE)
        )
        assert started[-1].stdout.readline()
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


def note(workspace, *leaders, ticks=None):
    lines = [f"{each.pid}:{started_at(each.pid) if ticks is None else ticks}\n" for each in leaders]
    (workspace / LEDGER).write_text("".join(lines))


def test_marked_and_in_the_ledger(tmp_path, start, caplog):
    """A worker and what is in its group are ended, and gone when the call returns."""
    leader = start()
    member = start(group=leader.pid)
    note(tmp_path, leader)
    end_strays(tmp_path)
    assert (leader.poll(), member.poll()) == (-9, -9)
    assert f"Ended process {member.pid}, which a server that was killed had left: {sys.executable}" in caplog.text


def test_others(tmp_path, start, caplog):
    """Not a process with a worker's id or group that is not marked, nor another server's; of whoever left its group it is told."""
    unmarked, others, away = start(workspace=None), start(workspace=tmp_path / "other"), start()
    note(tmp_path, unmarked, others)
    end_strays(tmp_path)
    assert [each.poll() for each in (unmarked, others, away)] == [None] * 3
    assert f"Process {away.pid} may have been left" in caplog.text
    assert f"Process {unmarked.pid} " not in caplog.text
    assert f"Process {others.pid} " not in caplog.text


@pytest.mark.parametrize("same", [True, False])
def test_an_environment_that_cannot_be_read(tmp_path, start, caplog, same):
    """The very process that the ledger tells of, by its start, is ended; another one is only told of."""
    leader = start(code=CLOBBERS)
    member = start(code=CLOBBERS, group=leader.pid)
    note(tmp_path, leader, ticks=None if same else 7)
    end_strays(tmp_path)
    assert leader.poll() == (-9 if same else None)
    assert member.poll() is None
    assert f"Process {member.pid} may have been left" in caplog.text


def test_nothing_there(tmp_path):
    """No ledger, or an empty one, of a server that had started nothing."""
    end_strays(tmp_path)
    (tmp_path / LEDGER).write_bytes(os.urandom(200))
    end_strays(tmp_path)
