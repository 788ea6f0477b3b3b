"""Calls are made by a thread, in order; whoever waits for them does not wait for one that hangs."""

import os
import socket
import threading

import pytest

from integration.server import wait_until
from servescope.logs import outlet as module
from servescope.logs.outlet import Outlet, may_be_waited_for


def test_what_may_be_waited_for(tmp_path):
    """Files, also the one that takes all; no pipe, socket or terminal."""
    with (tmp_path / "a").open("w") as file, open(os.devnull, "w") as nothing:
        assert may_be_waited_for(file)
        assert may_be_waited_for(nothing)
        file.close()
        assert may_be_waited_for(file)
    for ends in (os.pipe(), os.openpty(), tuple(each.detach() for each in socket.socketpair())):
        with open(ends[0], "rb"), open(ends[1], "w") as stream:
            assert not may_be_waited_for(stream)


class Disk:
    """Hangs until it is let go."""

    def __init__(self):
        self.written = []
        self.free = threading.Event()

    def write(self, what):
        assert self.free.wait(60)
        self.written.append(what)

    def put(self, outlet, what, size=1):
        return outlet.put(lambda: self.write(what), size)


@pytest.fixture
def outlet():
    return Outlet()


@pytest.fixture
def disk():
    found = Disk()
    yield found
    found.free.set()


def test_calls_are_made_in_order(outlet):
    """By one thread, and not this one."""
    made = []
    for number in range(1000):
        outlet.put(lambda number=number: made.append((number, threading.get_ident())), 1)
    assert outlet.settle(60)
    assert [number for number, _ in made] == list(range(1000))
    assert {thread for _, thread in made} not in ({threading.get_ident()}, set())
    assert len({thread for _, thread in made}) == 1
    assert outlet.close()


def test_what_hangs_is_waited_for_once(outlet, disk):
    """Until it is through: then it is waited for again."""
    disk.put(outlet, "first")
    assert not outlet.settle(0.01)
    assert not outlet.settle(60)  # at once
    disk.free.set()
    wait_until(lambda: outlet.settle(60), "the thread to catch up")
    disk.put(outlet, "second")
    assert outlet.settle(60)
    assert disk.written == ["first", "second"]


def test_only_so_much_waits(outlet, disk, monkeypatch):
    """More is refused, until some of it is written."""
    monkeypatch.setattr(module, "MOST_BYTES", 10)
    assert disk.put(outlet, "six", 6)
    assert disk.put(outlet, "four", 4)
    assert not disk.put(outlet, "one", 1)
    disk.free.set()
    assert outlet.close()
    assert disk.written == ["six", "four"]


def test_after_the_end(outlet, disk):
    """Calls are made by whoever makes them."""
    disk.free.set()
    disk.put(outlet, "first")
    assert outlet.close()
    assert outlet.close()
    disk.put(outlet, "last")
    assert disk.written == ["first", "last"]


def test_the_end_does_not_wait_for_what_hangs(outlet, disk, monkeypatch):
    """It says that something is left."""
    monkeypatch.setattr(module, "LAST_S", 0.01)
    disk.put(outlet, "first")
    assert not outlet.close()
    monkeypatch.setattr(module, "LAST_S", 3600.0)
    assert not outlet.close()
    disk.free.set()


def test_the_end_of_one_that_nobody_used(outlet):
    """Has no thread to wait for."""
    assert outlet.settle(60)
    assert Outlet().close()
