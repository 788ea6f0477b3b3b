"""What is put is sent by a thread, in order; whoever waits for it does not wait for one that hangs."""

import gc
import threading

import pytest

from integration.server import wait_until
from servescope.logs.streams import outlet as module
from servescope.logs.streams.outlet import ENTRY_BYTES, Outlet


class Disk:
    """Hangs until it is let go."""

    def __init__(self):
        self.written = []
        self.threads = set()
        self.free = threading.Event()

    def send(self, data):
        assert self.free.wait(60)
        self.written.append(data)
        self.threads.add(threading.get_ident())


@pytest.fixture
def outlet():
    return Outlet()


@pytest.fixture
def disk():
    found = Disk()
    yield found
    found.free.set()


def test_what_is_put_is_sent_in_order(outlet, disk):
    """By one thread, and not this one."""
    disk.free.set()
    for number in range(1000):
        outlet.put(disk, b"%d" % number)
    assert outlet.settle(60)
    assert disk.written == [b"%d" % number for number in range(1000)]
    assert len(disk.threads - {threading.get_ident()}) == 1


def test_several_go_in_one_order(outlet, disk):
    """What is put for one sink stands before what is put for another after it."""
    disk.free.set()
    other = Disk()
    other.written, other.free = disk.written, disk.free
    for number in range(100):
        outlet.put((disk, other)[number % 2], b"%d" % number)
    assert outlet.settle(60)
    assert disk.written == [b"%d" % number for number in range(100)]


def test_what_hangs_is_waited_for_once(outlet, disk):
    """Until it is through: then it is waited for again."""
    outlet.put(disk, b"first")
    assert not outlet.settle(0.01)
    assert not outlet.settle(0.01)
    assert not outlet.settle(0.0)
    disk.free.set()
    wait_until(lambda: outlet.settle(0.01), "the thread to catch up")
    outlet.put(disk, b"second")
    assert outlet.settle(60)
    assert disk.written == [b"first", b"second"]


def test_who_has_more_patience_waits_longer(outlet, disk):
    """Although somebody with less has waited in vain."""
    outlet.put(disk, b"first")
    assert not outlet.settle(0.01)
    threading.Timer(0.1, disk.free.set).start()
    assert outlet.settle(60)


def test_only_so_much_waits(outlet, disk, monkeypatch):
    """More is refused, until some of it is sent. What is larger than that is taken where nothing waits."""
    monkeypatch.setattr(module, "MOST_BYTES", 10 + 2 * ENTRY_BYTES)
    assert outlet.put(disk, b"six...")
    assert outlet.put(disk, b"four")
    assert not outlet.put(disk, b"")
    disk.free.set()
    assert outlet.settle(60)
    assert outlet.put(disk, b"larger" * 1000)
    assert outlet.settle(60)
    assert disk.written == [b"six...", b"four", b"larger" * 1000]


def test_after_the_end_whoever_puts_waits(outlet, disk):
    """So that nothing is lost when the process ends next."""
    disk.free.set()
    outlet.put(disk, b"first")
    assert outlet.end(60)
    outlet.put(disk, b"last")
    assert disk.written == [b"first", b"last"]


def test_an_end_in_vain(outlet, disk, monkeypatch):
    """Is waited for once, with what is put after it."""
    outlet.put(disk, b"first")
    assert not outlet.end(0.01)
    monkeypatch.setattr(module, "LAST_S", 3600.0)
    assert not outlet.end(3600.0)
    assert outlet.put(disk, b"last")


def test_the_end_of_one_that_nobody_used(outlet):
    """Has nothing to wait for."""
    assert outlet.settle(60)
    assert outlet.end(60)


def test_what_the_garbage_collector_ends_may_speak(outlet, disk):
    """In the midst of it: a lock that is held already is no obstacle."""
    disk.free.set()

    class Last:
        def __init__(self):
            self.self = self

        def __del__(self):
            outlet.put(disk, b"last")

    Last()
    with outlet._lock:
        gc.collect()
    assert outlet.settle(60)
    assert disk.written == [b"last"]


def test_no_room_for_a_thread(outlet, disk, monkeypatch):
    """What is put waits for the next that is put."""
    disk.free.set()

    def refuse(_):
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", refuse)
        assert outlet.put(disk, b"first")
    assert outlet.put(disk, b"second")
    assert outlet.settle(60)
    assert disk.written == [b"first", b"second"]
