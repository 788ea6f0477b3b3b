"""When a read waits awake: a socket pair that is real, and a clock that is not."""

import socket
import threading
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.wire.polling import LIMIT_S, PollingReader

SHORT, LONG, HELD = LIMIT_S / 10, LIMIT_S * 1.5, LIMIT_S * 10


class Read:
    """A reader, with what it says it has polled. Each look at the clock takes `step` seconds, all of which it has a processor but
    for the share `taken`.
    """

    def __init__(self, connection):
        self.now = 0.0
        self.step = 0.0
        self.taken = 0.0
        self.had = 0.0
        self.polled = []
        self.has_polled = threading.Event()
        self.recv = PollingReader(connection, self.told, self.clock, self.spent).recv

    def told(self, seconds):
        """It has polled."""
        self.polled.append(seconds)
        self.has_polled.set()

    def clock(self):
        self.now += self.step
        self.had += self.step * (1 - self.taken)
        return self.now

    def spent(self):
        """Seconds of processor time."""
        return self.had


@pytest.fixture
def pair():
    near, far = socket.socketpair()
    with near, far:
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
    reader.has_polled.clear()
    reader.step = LIMIT_S / 4
    sender = threading.Thread(target=lambda: (reader.has_polled.wait(), near.send(b"late")))
    sender.start()
    assert reader.recv(7) == b"late"
    sender.join()
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


def test_only_processor_time_is_told(pair):
    """What others had of it meanwhile, or while it was stopped, it has not taken."""
    near, reader = pair
    for _ in range(3):
        ask(near, reader, SHORT)
    reader.taken = 0.75
    ask(near, reader, SHORT)
    assert reader.polled == [pytest.approx(SHORT / 4)]


def crowd(near, reader, times):
    """So many polls in which somebody else keeps the processor, and the short gaps from each until the next poll."""
    gaps = []
    for _ in range(times):
        ask(near, reader, HELD)
        before = len(reader.polled)
        gaps.append(0)
        while len(reader.polled) == before:
            ask(near, reader, SHORT)
            gaps[-1] += 1
    return gaps


def test_others_want_the_processor(pair):
    """It sleeps for longer and longer, up to a bound, however short the gaps are."""
    near, reader = pair
    for _ in range(10):
        ask(near, reader, SHORT)
    gaps = crowd(near, reader, 10)
    assert gaps[0] < 100
    assert all(later > 1.5 * sooner for sooner, later in pairwise(gaps[:7]))
    assert gaps[-1] == gaps[-2] < 10_000


def test_others_want_the_processor_no_longer(pair):
    """What it had learnt is forgotten, and one stall in a thousand costs little."""
    near, reader = pair
    for _ in range(10):
        ask(near, reader, SHORT)
    crowd(near, reader, 10)
    for _ in range(10_000):
        ask(near, reader, SHORT)
    assert crowd(near, reader, 1)[0] < 100


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
