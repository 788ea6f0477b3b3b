"""Where the line is from which on too few descriptors would be left, in the test's own process."""

import fcntl
import os
import resource
from contextlib import ExitStack, contextmanager

import pytest

from servescope.web.http.clients.descriptors import Descriptors, soft_limit

LIMIT = 1000  # far above what this process has open
KEPT = 64


@contextmanager
def taken(*numbers):
    """These numbers are in use."""
    with ExitStack() as stack:
        with open(os.devnull) as null:
            for number in numbers:
                assert fcntl.fcntl(null, fcntl.F_DUPFD, number) == number
                stack.callback(os.close, number)
        yield


@pytest.fixture
def descriptors():
    """Of a process that may have LIMIT."""
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] > LIMIT
    return Descriptors(lambda: LIMIT)


def lines(descriptors):
    descriptors.look()
    return descriptors.line(favoured=False), descriptors.line(favoured=True)


def test_so_many_are_kept(descriptors):
    """And half of them by the ports for operators."""
    assert lines(descriptors) == (LIMIT - KEPT, LIMIT - KEPT // 2)


def test_the_line_sinks(descriptors):
    """By what others than connections have of what is kept, and rises when they give it back."""
    with taken(990, 999, LIMIT - KEPT // 2):
        assert lines(descriptors) == (LIMIT - KEPT - 3, LIMIT - KEPT // 2 - 3)
    assert lines(descriptors) == (LIMIT - KEPT, LIMIT - KEPT // 2)


def test_what_is_below_the_line(descriptors):
    """Is nothing to it."""
    with taken(LIMIT - KEPT - 1, 700):
        assert lines(descriptors) == (LIMIT - KEPT, LIMIT - KEPT // 2)


def test_where_nothing_is_free(descriptors):
    """It is looked for in the last few hundred alone."""
    with taken(*range(LIMIT - 4 * KEPT, LIMIT)):
        assert lines(descriptors) == (LIMIT - 4 * KEPT, LIMIT - 4 * KEPT)


def test_the_limit_may_change():
    """As `prlimit` can change it."""
    limits = [LIMIT]
    descriptors = Descriptors(lambda: limits[0])
    limits[0] = 5000
    assert lines(descriptors) == (5000 - KEPT, 5000 - KEPT // 2)
    assert descriptors.limit == 5000


def test_the_next_number():
    """Is what the next to be opened has; the limit where there can be none."""
    descriptors = Descriptors()
    number = descriptors.next_number()
    with open(os.devnull) as null:
        assert null.fileno() == number
        assert descriptors.next_number() > number
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (1, hard))
        assert descriptors.next_number() == soft
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_the_soft_limit():
    """Is a number, also where there is none."""
    assert 0 < soft_limit() <= 2**30


@pytest.mark.parametrize("limit", [1, 2, 10, 2**30])
def test_odd_limits(limit):
    """Are no error."""
    descriptors = Descriptors(lambda: limit)
    assert 0 <= descriptors.line(favoured=False) <= descriptors.line(favoured=True) <= limit
