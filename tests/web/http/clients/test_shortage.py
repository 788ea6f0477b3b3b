"""What the log says of too few descriptors, and how often."""

import pytest

from servescope.web.http.clients.shortage import EVERY_S, Shortage


@pytest.fixture
def told(caplog):
    """A shortage at a time of the test's choice, and the lines that were logged."""
    now = [0.0]
    return Shortage(lambda: now[0]), now, lambda: [record.getMessage() for record in caplog.records]


def test_at_once_then_once_a_minute(told):
    """The first line comes with the first connection, the next tells of all that followed."""
    shortage, now, lines = told
    for _ in range(5):
        shortage.closed()
        shortage.report(128)
    assert len(lines()) == 1
    assert "may have 128 (ulimit -n). Connections closed to make room: 1; times that none could be closed" in lines()[0]
    now[0] = EVERY_S
    shortage.waited(system=False)
    shortage.report(128)
    assert "closed to make room: 4; times that none could be closed, and others had to wait: 1." in lines()[1]


def test_silence(told):
    """Where nothing is lacking, also after it was."""
    shortage, now, lines = told
    shortage.report(128)
    shortage.closed()
    shortage.report(128)
    now[0] = 2 * EVERY_S
    shortage.report(128)
    assert len(lines()) == 1


def test_the_system(told):
    """Has a limit of its own, which another file sets."""
    shortage, _, lines = told
    shortage.waited(system=True)
    shortage.report(128)
    assert "and the system has no more either (fs.file-max)" in lines()[0]
