"""What ends a plan early interrupts it once."""

import os
import signal

import pytest

from servescope.cli.planning.stops import Stops

ENDINGS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


@pytest.mark.parametrize("number", ENDINGS)
def test_the_first_interrupts_and_the_second_is_told_of(number, capfd):
    """Whoever asks twice does not interrupt what puts the server back."""
    with Stops():
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), number)
        os.kill(os.getpid(), number)
    assert "being put back" in capfd.readouterr().err


@pytest.mark.parametrize("number", ENDINGS)
def test_what_is_held_is_not_interrupted(number):
    """Not even by the first; and afterwards it can be again."""
    with Stops() as stops:
        stops.hold()
        os.kill(os.getpid(), number)
        stops.let_go()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), number)


def test_the_handlers_are_as_before():
    """And what was ignored, as under nohup, stays so meanwhile."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        interrupt = signal.getsignal(signal.SIGINT)
        with Stops():
            os.kill(os.getpid(), signal.SIGHUP)
            assert signal.getsignal(signal.SIGINT) is not interrupt
        assert signal.getsignal(signal.SIGINT) is interrupt
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
