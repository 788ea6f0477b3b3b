"""Descriptors come to the ranks they are for, once, and their copies are closed."""

import os
import socket
import threading

import pytest

from servescope.worker.ranks.handover import PLACE, Handover, collect


def environ(handover, rank):
    return {PLACE: handover.place, "LOCAL_RANK": str(rank)}


def test_each_rank_gets_its_own():
    """In any order: rank 0 what the front end has handed down, and a link to each other; these the other ends."""
    read, write = os.pipe()
    handover = Handover([os.dup(read), os.dup(write), os.dup(write)], 3)
    thread = threading.Thread(target=handover.run)
    thread.start()
    second, first, leader = (collect(environ(handover, rank)) for rank in (2, 1, 0))
    thread.join()
    assert (len(leader), len(first), len(second)) == (5, 1, 1)
    os.write(write, b"front")
    assert os.read(leader[0], 5) == b"front"
    for near, (far,) in zip(leader[3:], (first, second), strict=True):
        with socket.socket(fileno=near) as one, socket.socket(fileno=far) as other:
            one.sendall(b"x")
            assert other.recv(1) == b"x"
    for descriptor in (read, write, *leader[:3]):
        os.close(descriptor)


def test_a_share_is_given_once():
    """A second process that says it is the same rank is told that there is nothing, and the others still come."""
    read, write = os.pipe()
    handover = Handover([read, write], 2)
    thread = threading.Thread(target=handover.run)
    thread.start()
    leader = collect(environ(handover, 0))
    with pytest.raises(OSError, match="nothing for rank 0"):
        collect(environ(handover, 0))
    with pytest.raises(OSError, match="nothing for rank 7"):
        collect(environ(handover, 7))
    follower = collect(environ(handover, 1))
    thread.join()
    with pytest.raises(OSError, match="refused"):
        collect(environ(handover, 1))
    for descriptor in (*leader, *follower):
        os.close(descriptor)
