"""Connections come out of the deal as out of a listening socket."""

import errno
import socket

import pytest

from web.front_ends.joined import Place


@pytest.fixture
def place():
    """One end for each side."""
    found = Place()
    found.taken.setblocking(False)
    yield found
    found.dealt.close()
    found.taken.close()


def test_none(place):
    """Now: who asks waits."""
    with pytest.raises(BlockingIOError):
        place.taken.accept()


def test_one(place):
    """Is the connection itself."""
    near, far = socket.socketpair()
    socket.send_fds(place.dealt, [b"\0"], [far.fileno()])
    far.close()
    taken, _ = place.taken.accept()
    taken.send(b"hello")
    assert near.recv(10) == b"hello"
    near.close()
    taken.close()


def test_one_that_is_lost(place):
    """For want of a descriptor is said to be."""
    place.dealt.send(b"\0")
    with pytest.raises(OSError, match="Too many open files") as raised:
        place.taken.accept()
    assert raised.value.errno == errno.EMFILE


def test_the_owners_end(place):
    """Brings nothing more."""
    place.dealt.close()
    with pytest.raises(BlockingIOError):
        place.taken.accept()
