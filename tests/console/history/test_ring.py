"""What a ring remembers: growth of counters, the largest of gauges, gaps, and no more than its size."""

import math

from hypothesis import given
from hypothesis import strategies as st

from servescope.console.history.kept import Sample
from servescope.console.history.readings import Stretch, cut, last
from servescope.console.history.ring import MOST_GONE, Ring

MODEL = ("m", "1.0")


def sample(requests=0.0, queue=0.0, **buckets):
    found = Sample(
        {("requests", "2xx"): requests} | {("duration", float(bound[1:])): count for bound, count in buckets.items()},
        {("queue", ""): queue},
        {"duration": (0.1, 1.0)} if buckets else {},
    )
    return {MODEL: found}


def test_growth():
    """A step has what a counter grew by since the one before; one that is smaller has begun anew."""
    ring = Ring(5.0, 10)
    for step, value in enumerate([3, 3, 10, 2], 1):
        ring.take(step * 5.0, sample(value))
    assert [ring.value(MODEL, ("requests", "2xx"), step) for step in ring.steps(4)] == [3, 0, 7, 2]
    recent = last(ring, MODEL, 20)
    assert recent.requests() == 12
    assert recent.rate(("requests", "2xx")) == 12 / 20


def test_the_largest_of_gauges():
    """Of all that were taken in a step, the one that was written last counts for nothing more."""
    ring = Ring(60.0, 10)
    for at, queue in [(60, 1), (65, 9), (100, 2), (120, 3), (180, 0)]:
        ring.take(float(at), sample(queue=queue))
    assert [ring.value(MODEL, ("queue", ""), step) for step in (1, 2, 3)] == [1, 9, 0]


def test_gaps():
    """Steps in which nobody looked are not there, and neither are those of a round ago."""
    ring = Ring(5.0, 4)
    for step in (1, 2, 3, 8):
        ring.take(step * 5.0, sample(step))
    assert [step for step in ring.steps(4) if ring.has(step)] == [8]
    assert [piece.rate(("requests", "2xx")) for piece in cut(ring, MODEL, 10)] == [1.0]
    ring.take(50.0, sample(9))
    assert [piece.rate(("requests", "2xx")) for piece in cut(ring, MODEL, 10)] == [1.0, None, 1 / 5]


def test_a_clock_that_is_set_back():
    """A little is ignored; from much on it goes on from there."""
    ring = Ring(5.0, 10)
    ring.take(500.0, sample(1))
    ring.take(496.0, sample(2))
    assert ring.latest == 100
    ring.take(50.0, sample(3))
    assert ring.latest == 10
    assert ring.value(MODEL, ("requests", "2xx"), 10) == 2


def test_models_that_go():
    """A model that has gone is remembered for one round, as not there since; then nothing of it is kept."""
    ring = Ring(5.0, 3)
    ring.take(5.0, sample(4))
    for step in (2, 3):
        ring.take(step * 5.0, {})
        assert MODEL in ring.tracks
    assert last(ring, MODEL, 15).seconds == 5
    assert last(ring, MODEL, 15).requests() == 4
    ring.take(20.0, {})
    assert MODEL not in ring.tracks
    assert MODEL not in ring.bounds


def test_many_models_that_go():
    """Of those that went, so many are remembered, the latest of them; a name that comes back is none of them."""
    ring = Ring(5.0, 1000)
    (found,) = sample(1).values()
    count = MOST_GONE + 10
    for step in range(1, count + 1):
        ring.take(step * 5.0, {(f"m{step}", "1.0"): found, MODEL: found})
        assert len(ring.tracks) <= MOST_GONE + 2
    assert set(ring.tracks) == {(f"m{step}", "1.0") for step in range(count - MOST_GONE, count + 1)} | {MODEL}
    ring.take((count + 1) * 5.0, {("m3", "1.0"): found, MODEL: found})
    assert last(ring, ("m3", "1.0"), 5000).seconds == 5


def test_a_step_is_there_once_all_of_it_is():
    """While it is written, whoever reads sees neither half of it nor what stood in its places a round ago."""
    ring, other = Ring(5.0, 3), ("n", "1.0")
    for step in range(1, 4):
        ring.take(step * 5.0, sample(100 * step) | {other: next(iter(sample(100 * step).values()))})
    before = [last(ring, track, 10).requests() for track in (MODEL, other)]
    for _ in ring.taking(20.0, sample(301) | {other: next(iter(sample(301).values()))}):
        assert ring.latest == 3
        assert [last(ring, track, 10).requests() for track in (MODEL, other)] == before
        assert last(ring, MODEL, 15).requests() == 200
    assert [last(ring, track, 5).requests() for track in (MODEL, other)] == [1, 1]


def test_zeros_take_no_memory():
    """A column exists from its first value on that is not 0."""
    ring = Ring(5.0, 100)
    ring.take(5.0, sample(0, 0))
    assert ring.bytes == 100  # that it was there
    ring.take(10.0, sample(1, 0))
    assert ring.bytes == 100 + 4 * 100


def test_percentiles():
    """Of the stretch's own histogram: buckets in which nothing fell count as bounds all the same."""
    ring = Ring(5.0, 10)
    inf = float("inf")
    ring.take(5.0, sample(b1=0.0))
    values = sample(b1=10.0)
    values[MODEL].counters["duration", inf] = 0.0
    ring.take(10.0, values)
    assert last(ring, MODEL, 5).quantile("duration", 0.5) == 0.1 + 0.9 * 0.5
    assert last(ring, MODEL, 5).counts("duration") == ([0.1, 1.0], [0.0, 10.0, 0.0])


def test_more_bounds():
    """A histogram that gets finer keeps what was counted at the bounds that it had."""
    ring = Ring(5.0, 10)
    ring.take(5.0, {MODEL: Sample({("duration", 1.0): 4.0}, {}, {"duration": (1.0,)})})
    ring.take(10.0, {MODEL: Sample({("duration", 0.5): 2.0, ("duration", 1.0): 4.0}, {}, {"duration": (0.5, 1.0)})})
    assert last(ring, MODEL, 10).counts("duration") == ([0.5, 1.0], [2.0, 4.0, 0.0])


@given(st.lists(st.integers(0, 50), min_size=1, max_size=60), st.integers(1, 40))
def test_cutting_loses_nothing(growth, points):
    """However few points are asked for, all that was counted is in one of them; one more at the most, as they keep their places."""
    ring = Ring(5.0, 60)
    total = 0
    for step, more in enumerate(growth, 1):
        total += more
        ring.take(step * 5.0, sample(total))
    pieces = cut(ring, MODEL, points)
    assert len(pieces) <= points + 1
    assert math.isclose(sum(piece.requests() for piece in pieces), total)
    assert all(isinstance(piece, Stretch) for piece in pieces)
