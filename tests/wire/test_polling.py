"""When a read waits awake: a socket pair that is real, and a clock that is not."""

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.wire.polling import LIMIT_S, PollingReader

SHORT, LONG = LIMIT_S / 10, LIMIT_S * 10


class Read:
    """A reader, with what it says it has polled. Each look at the clock takes `step` seconds."""

    def __init__(self, connection):
        self.now = 0.0
        self.step = 0.0
        self.polled = []
        self.recv = PollingReader(connection, self.polled.append, self.clock).recv

    def clock(self):
        self.now += self.step
        return self.now


@pytest.fixture
def pair():
    near, far = socket.socketpair()
    with near, far:
        far.settimeout(20)  # a read that nothing will come for is a failure, not a hang
        yield near, Read(far)


def ask(near, reader, gap):
    """One message, which takes so long to come."""
    near.send(b"x")
    reader.step = gap
    assert reader.recv(10) == b"x"


def test_seldom_asked(pair):
    """It sleeps: nothing is polled."""
    near, reader = pair
    for _ in range(50):
        ask(near, reader, LONG)
    assert not reader.polled


def test_asked_again_and_again(pair):
    """It waits awake once three gaps were short, and says for how long."""
    near, reader = pair
    for _ in range(3):
        ask(near, reader, SHORT)
    assert not reader.polled
    ask(near, reader, SHORT)
    assert reader.polled == [pytest.approx(SHORT)]


def test_one_stall(pair):
    """Is no reason to go to sleep again where many gaps were short."""
    near, reader = pair
    for _ in range(10):
        ask(near, reader, SHORT)
    ask(near, reader, LONG)
    before = len(reader.polled)
    ask(near, reader, SHORT)
    assert len(reader.polled) == before + 1


def test_no_longer_asked(pair):
    """It is awake for the limit a few times at most, and sleeps from then on."""
    near, reader = pair
    for _ in range(100):
        ask(near, reader, SHORT)
    reader.polled.clear()
    for _ in range(100):
        ask(near, reader, LONG)
    assert len(reader.polled) <= 4


def test_nothing_comes(pair):
    """It looks until the limit, then sleeps as any read does."""
    near, reader = pair
    for _ in range(10):
        ask(near, reader, SHORT)
    reader.polled.clear()
    reader.recv.__self__._recv = lambda size: (near.send(b"late"), size)[1]  # the read that it goes to sleep in
    reader.step = LIMIT_S / 4
    assert reader.recv(7) == 7
    assert len(reader.polled) == 1
    assert LIMIT_S <= reader.polled[0] <= 2 * LIMIT_S


def test_the_end(pair):
    """Is the end, asleep or awake."""
    near, reader = pair
    for _ in range(10):
        ask(near, reader, SHORT)
    near.close()
    assert reader.recv(10) == b""
    assert reader.recv(10) == b""


@given(st.lists(st.tuples(st.sampled_from([SHORT, LONG]), st.integers(1, 4)), max_size=60))
def test_a_third_of_long_gaps_is_too_many(runs):
    """However they come: it polls in vain at most half as often as it was right before, and five times more."""
    near, far = socket.socketpair()
    with near, far:
        reader = Read(far)
        short = wasted = 0
        for gap, times in runs:
            for _ in range(times):
                before = len(reader.polled)
                ask(near, reader, gap)
                short += gap == SHORT
                wasted += gap == LONG and len(reader.polled) > before
    assert wasted <= short / 2 + 5
