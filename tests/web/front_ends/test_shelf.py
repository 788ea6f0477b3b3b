"""What is put on the shelf is taken off it, in order; what is not taken costs nothing; and of what was, its end is told."""

import os
import resource
from contextlib import contextmanager

import pytest

from bodies import bodies_open
from servescope.web.front_ends.child.lending import Lending
from servescope.web.front_ends.shelf import Shelf, pair
from servescope.wire.spooled.body import Spooled, create


@pytest.fixture
def ended():
    """What was told of bodies that the owner has let go of."""
    return []


@pytest.fixture
def ends(ended):
    """The front end's and the owner's, which are closed at the end."""
    here, there = pair()
    near, far = Lending(here), Shelf(there, lambda *told: ended.append(told))
    yield near, far
    near.close()
    far.close()


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


def test_few_descriptors_are_left(ends, ended):
    """Then it is taken as bytes, and none is kept."""
    near, far = ends
    near.put(spooled(b"some"))
    before = bodies_open()
    with limited(2 * lowest_free()):
        assert far.take(4) == b"some"
    assert bodies_open() == before
    assert ended == [(1, True)]


def test_no_descriptor_is_left(ends, ended):
    """It is lost, and what follows it is not."""
    near, far = ends
    near.put(spooled(b"lost"))
    near.put(spooled(b"next"))
    with limited(lowest_free()), pytest.raises(OSError, match="Too many open files"):
        far.take(4)
    assert ended == [(1, False)]
    body = far.take(4)
    assert isinstance(body, Spooled)
    assert body.read() == b"next"


def lent(ends, let_go):
    """A body as the owner has it, and as the front end had it."""
    near, far = ends
    body = create(lambda *told: let_go.append(told))
    body.append(b"mine")
    descriptor = body.descriptor
    assert near.put(body)
    return far.take(4), descriptor


def test_it_comes_back(ends, ended):
    """When nobody of the owner has it any more, in whatever part or view; then the front end's memory is free, and not before."""
    let_go = []
    body, descriptor = lent(ends, let_go)
    view = body.part(1, 2).mapped()
    del body
    assert (ended, let_go, bytes(view)) == ([], [], b"in")
    del view
    assert (ended, let_go) == ([(1, True)], [])
    ends[0].back(1, reusable=True)
    assert let_go == [(descriptor, True)]
    os.close(descriptor)


def test_a_worker_may_still_read_it(ends, ended):
    """Which was told of it, and has not answered: the memory comes back, and is not to be used again."""
    let_go = []
    body, descriptor = lent(ends, let_go)
    body.tell()
    del body
    assert ended == [(1, False)]
    ends[0].back(1, reusable=False)
    assert let_go == [(descriptor, False)]
    os.close(descriptor)


def test_who_put_it_keeps_it(ends):
    """As long as it is lent, with its bytes; the other side going does not make it free."""
    let_go = []
    body, descriptor = lent(ends, let_go)
    del body
    ends[1].close()
    assert let_go == []
    assert os.pread(descriptor, 4, 0) == b"mine"
    ends[0].back(1, reusable=False)
    os.close(descriptor)
