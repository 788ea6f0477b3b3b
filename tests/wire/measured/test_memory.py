"""The memory that a worker shares with the front end: one and the same for both, nameless, and of one size for ever."""

import mmap
import os

import pytest

from servescope.wire.measured.memory import SIZE, create, mapped


@pytest.fixture
def descriptor():
    descriptor = create()
    yield descriptor
    os.close(descriptor)


def test_both_ends_see_the_same(descriptor):
    """Also once the descriptor is closed."""
    one, other = mapped(os.dup(descriptor)), mapped(descriptor)
    assert len(one) == SIZE
    one[SIZE - 1] = 7
    assert other[SIZE - 1] == 7


def test_it_takes_no_room_until_it_is_written(descriptor):
    """A worker that measures nothing costs nothing."""
    mapped(descriptor)[0] = 1
    assert os.fstat(descriptor).st_blocks * 512 <= mmap.PAGESIZE


@pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="other systems have no seals")
@pytest.mark.parametrize("size", [0, SIZE + 1])
def test_nobody_makes_it_smaller(descriptor, size):
    """Reading what is not there would end the front end."""
    with pytest.raises(PermissionError):
        os.ftruncate(descriptor, size)


def test_it_is_not_inherited(descriptor):
    """By what a worker starts: only by the worker, which is told of it."""
    assert not os.get_inheritable(descriptor)
