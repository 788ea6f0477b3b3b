"""A command that runs a server ends, whoever does not read what it says, and whichever of its threads hangs."""

import subprocess
import sys


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
