"""Threads that hang do not hold the end; others do."""

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
