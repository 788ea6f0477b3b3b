"""A server that is told to end before it has a loop ends once that runs: nothing is broken off halfway, but by Ctrl-C twice."""

import os
import signal

import pytest

from servescope.runtime.signals import Signals


@pytest.fixture
def signals():
    """That listen; afterwards whoever did before."""
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = {number: signal.getsignal(number) for number in numbers}
    found = Signals()
    found.begin()
    yield found
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_first_is_remembered(signals, number):
    """However often a supervisor sends it after that."""
    assert not signals.stop.is_set()
    for told in (number, signal.SIGTERM, signal.SIGTERM):
        os.kill(os.getpid(), told)
        assert signals.stop.is_set()
    assert not signals.hurry.is_set()


@pytest.mark.parametrize("first", [signal.SIGTERM, signal.SIGINT])
def test_ctrl_c_then_ends_it(signals, first):
    """At once, with status 0: the start may hang."""
    os.kill(os.getpid(), first)
    with pytest.raises(SystemExit) as end:
        os.kill(os.getpid(), signal.SIGINT)
    assert end.value.code == 0


def test_a_terminal_that_is_closed_ends_nobody(signals):
    """There are no files to look at again, either."""
    os.kill(os.getpid(), signal.SIGHUP)
    assert not signals.stop.is_set()
