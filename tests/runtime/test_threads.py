"""Threads that hang do not hold the end; others do."""

import subprocess
import sys
import threading

from servescope.runtime import threads
from servescope.runtime.threads import Threads


def test_what_is_under_way_is_finished():
    """And what has not begun is dropped."""
    pool, done, go = Threads(1), [], threading.Event()
    pool.submit(lambda: (go.wait(), done.append(1)))
    waiting = pool.submit(done.append, 2)
    threading.Timer(0.1, go.set).start()
    pool.shutdown()
    assert done == [1]
    assert waiting.cancelled()


def test_one_that_hangs(monkeypatch, caplog):
    """Is left behind."""
    monkeypatch.setattr(threads, "END_S", 0.1)
    pool, go = Threads(1), threading.Event()
    pool.submit(go.wait)
    pool.shutdown()
    assert "1 threads are left behind" in caplog.text
    go.set()


def test_leaving():
    """The process ends with its status all the same, and what it said is written."""
    program = (
        "import sys, threading, time\nfrom servescope.runtime.threads import leave\n"
        "threading.Thread(target=time.sleep, args=(600,)).start()\nprint('said')\nsys.exit(leave(3))"
    )
    done = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (3, "said\n")


def test_leaving_without_such_a_thread():
    """The status is returned."""
    done = subprocess.run(
        [sys.executable, "-c", "from servescope.runtime.threads import leave\nprint(leave(4))"],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert done.stdout == "4\n"
