"""A command that runs a server ends, whoever does not read what it says, and whichever of its threads hangs."""

import errno
import subprocess
import sys

import pytest

from servescope.cli.leaving import run_server
from servescope.cli.voice import OutputLost


def test_its_status(capsys):
    """Is that of the command."""
    assert run_server(lambda: 7, "stdout", "stderr") == 7
    assert capsys.readouterr() == ("", "")


def test_an_error_that_nobody_expected(capsys):
    """Is status 1, after a traceback."""
    assert run_server(lambda: 1 // 0, "stderr") == 1
    assert "ZeroDivisionError: " in capsys.readouterr().err


def test_what_others_see_to():
    """Comes through: an output that is lost, and an end that was asked for."""
    for error in (OutputLost(OSError(errno.EPIPE, "gone")), SystemExit(2), KeyboardInterrupt()):
        with pytest.raises(type(error)):
            run_server(lambda error=error: _raise(error), "stderr")


def _raise(error):
    raise error


HUNG = """
import os, sys, threading, time
from servescope.cli.leaving import leave, run_server
reader, writer = os.pipe()
os.dup2(writer, 1)
os.dup2(writer, 2)

def command():
    threading.Thread(target=time.sleep, args=(600,)).start()
    print("x" * 1_000_000)
    raise KeyError

sys.exit(leave(run_server(command, "stdout", "stderr")))
"""


def test_a_thread_and_an_output_that_hang():
    """The process ends with the status that it would have, once nobody is waited for any more."""
    assert subprocess.run([sys.executable, "-c", HUNG], timeout=60, check=False).returncode == 1


def test_leaving():
    """The process ends with its status all the same, and what it said is written."""
    program = (
        "import sys, threading, time\nfrom servescope.cli.leaving import leave\n"
        "threading.Thread(target=time.sleep, args=(600,)).start()\nprint('said')\nsys.exit(leave(3))"
    )
    done = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (3, "said\n")


def test_leaving_without_such_a_thread():
    """The status is returned."""
    done = subprocess.run(
        [sys.executable, "-c", "from servescope.cli.leaving import leave\nprint(leave(4))"],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert done.stdout == "4\n"
