"""Zombies are reaped at the second look, but for those that somebody waits for."""

import os
import subprocess

import pytest

from servescope.fleet.offspring.orphans import Orphans


@pytest.fixture
def dead():
    """A child that has ended, and is not reaped."""
    child = subprocess.Popen(["sh", "-c", "exit 7"])
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    yield child
    child.wait()


def test_at_the_second_look(dead):
    """A zombie of one look may be one that its own parent is about to reap."""
    orphans = Orphans(lambda pid: pid != dead.pid)
    assert [orphans.look(), orphans.look(), orphans.look()] == [0, 1, 0]
    with pytest.raises(ChildProcessError):
        os.waitpid(dead.pid, os.WNOHANG)


def test_whose_end_is_waited_for(dead):
    """Such a one is left, and its status is there for whoever waits."""
    orphans = Orphans(lambda pid: True)
    assert [orphans.look(), orphans.look()] == [0, 0]
    assert dead.wait() == 7
