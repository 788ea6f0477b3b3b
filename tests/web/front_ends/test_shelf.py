"""What is put on the shelf is taken off it, in order; what is not taken costs nothing."""

import os
import resource
from contextlib import contextmanager

import pytest

from bodies import bodies_open
from servescope.web.front_ends.shelf import Shelf, pair
from servescope.wire.spooled.body import Spooled, create


@pytest.fixture
def ends():
    """Both, which are closed at the end."""
    shelves = [Shelf(end) for end in pair()]
    yield shelves
    for each in shelves:
        each.close()


def spooled(data):
    body = create()
    body.append(data)
    return body


def lowest_free():
    """The number that the next descriptor will have."""
    number = os.open(os.devnull, os.O_RDONLY)
    os.close(number)
    return number


@contextmanager
def limited(count):
    """At most so many descriptors."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_in_order(ends):
    """Also after whoever has put it has let go."""
    near, far = ends
    for number in range(5):
        assert near.put(spooled(b"%d" % number))
    assert [far.take(1).read() for _ in range(5)] == [b"%d" % number for number in range(5)]


def test_no_process_inherits_it(ends):
    """Which is started while somebody has it."""
    near, far = ends
    near.put(spooled(b"x"))
    assert not os.get_inheritable(far.take(1).descriptor)


def test_it_is_full(ends):
    """At some time, and then it says so; nothing is lost of what lies there."""
    near, far = ends
    put = 0
    while near.put(spooled(b"x")):
        put += 1
    assert put > 50
    assert [far.take(1).read() for _ in range(put)] == [b"x"] * put
    assert near.put(spooled(b"x"))


def test_the_other_side_has_gone(ends):
    """There is no room any more."""
    near, far = ends
    far.close()
    assert not near.put(spooled(b"x"))


def test_few_descriptors_are_left(ends):
    """Then it is taken as bytes, and none is kept."""
    near, far = ends
    near.put(spooled(b"some"))
    before = bodies_open()
    with limited(2 * lowest_free()):
        assert far.take(4) == b"some"
    assert bodies_open() == before


def test_no_descriptor_is_left(ends):
    """It is lost, and what follows it is not."""
    near, far = ends
    near.put(spooled(b"lost"))
    near.put(spooled(b"next"))
    with limited(lowest_free()), pytest.raises(OSError, match="Too many open files"):
        far.take(4)
    body = far.take(4)
    assert isinstance(body, Spooled)
    assert body.read() == b"next"
