"""The front end's view of a worker's numbers: every write told once, however often it is asked and wherever the worker dies."""

import math
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.wire.measured.folded import FoldedReader
from servescope.wire.measured.memory import private
from servescope.wire.measured.records import COUNTS, SUM, WRITES
from servescope.wire.messages import Measuring
from servescope.worker.measuring.folding import Folding

BOUNDS = [1.0, 10.0]


class Worker:
    """A sink and its reader."""

    def __init__(self, **measuring):
        self.memory = private()
        self.sink = Folding(self.memory, "m", Measuring(bounds=BOUNDS, **measuring), lambda: 5.0)
        self.take = FoldedReader(self.memory).take

    def write(self, kind, number, *values, name="N"):
        self.sink.entry(kind, name, "u", ("A",) * len(values), values).write(number, "")


@pytest.fixture
def worker():
    return Worker()


def test_a_counter(worker):
    """Its increase since the last time; nothing where nothing was written, zero where zero was."""
    assert worker.take() == []
    worker.write("counter", 0.0, "a")
    (update,) = worker.take()
    assert (update.kind, update.name, update.unit, update.dimensions, update.values) == (
        "counter",
        "N",
        "u",
        ["A"],
        ["a"],
    )
    assert (update.value, update.writes) == (0.0, 1)
    worker.write("counter", 2.0, "a")
    worker.write("counter", 0.5, "a")
    (update,) = worker.take()
    assert (update.value, update.writes) == (2.5, 2)
    assert worker.take() == []


def test_a_gauge(worker):
    """Its last value and when that was, also where it is the same again, or NaN, which is told once."""
    for number in (3.0, 3.0, math.nan):
        worker.write("gauge", 9.0)
        worker.write("gauge", number)
        (update,) = worker.take()
        assert update.value == number or math.isnan(number)
        assert (update.order, update.writes) == (5.0, 2)
        assert worker.take() == []


def test_a_histogram(worker):
    """Counts by bucket and by native bucket, and the sum."""
    for number in (0.0, 1.0, 4.0, -4.0, 100.0):
        worker.write("histogram", number)
    (update,) = worker.take()
    found = update.distribution
    assert (found.bounds, found.counts, found.sum, update.writes) == ((1.0, 10.0), (3, 1, 1), 101.0, 5)
    assert (found.zero, sum(found.positive.values()), found.negative) == (1, 3, {64: 1})
    worker.write("histogram", 4.0)
    (update,) = worker.take()
    assert (update.distribution.counts, update.distribution.positive) == ((0, 1, 0), {64: 1})
    assert worker.take() == []


@given(
    st.lists(
        st.tuples(st.sampled_from(["counter", "gauge", "histogram"]), st.integers(0, 50), st.booleans()), max_size=60
    )
)
def test_nothing_is_lost_and_nothing_told_twice(writes):
    """Whenever it is asked in between."""
    worker = Worker()
    told = []
    for kind, number, ask in writes:
        worker.write(kind, float(number), name=kind)
        if ask:
            told += worker.take()
    told += worker.take(final=True)
    assert worker.take(final=True) == []
    for kind in ("counter", "histogram"):
        mine = [update for update in told if update.kind == kind]
        numbers = [number for one, number, _ in writes if one == kind]
        assert sum(update.value for update in mine) == sum(numbers)
        assert sum(update.writes for update in mine) == len(numbers)
    gauges = [number for kind, number, _ in writes if kind == "gauge"]
    assert [update.value for update in told if update.kind == "gauge"][-1:] == gauges[-1:]


@given(st.integers(0, 4))
def test_a_worker_that_dies_in_the_midst_of_an_observation(steps):
    """Counts agree with each other all the same: Prometheus refuses a histogram whose forms differ, the whole page with it."""
    worker = Worker()
    worker.write("histogram", 4.0)
    cells = memoryview(worker.memory).cast("d")
    (first,) = [series.first for series in _series(worker)]
    native = worker.sink.entry("histogram", "N", "u", (), ())._natives[2, False]
    half_done = [(first + WRITES, 0.5), (native, 1.0), (first + SUM, 4.0), (first + COUNTS + 1, 1.0)]
    for cell, more in half_done[:steps]:
        cells[cell] += more
    told = worker.take()
    assert len(told) == (steps == 0)  # not while it may still be in the midst of it
    told += worker.take(final=True)
    counts = sum(sum(update.distribution.counts) for update in told)
    assert counts == sum(sum(update.distribution.positive.values()) for update in told) == (2 if steps == 4 else 1)


def _series(worker):
    reader = FoldedReader(worker.memory)
    reader.take()
    return list(reader._series.values())


def test_read_while_it_is_written():
    """By a thread that never pauses: the forms of a histogram agree in every answer, and all of them come to what was written."""
    worker = Worker()
    done = threading.Event()

    def observe():
        for number in range(20_000):
            worker.write("histogram", number % 100 + 1.0)
            worker.write("counter", 1.0, name="C")
        done.set()

    thread = threading.Thread(target=observe)
    thread.start()
    told = []
    while not done.is_set():
        told += worker.take()
    thread.join()
    told += worker.take(final=True)
    found = [update.distribution for update in told if update.distribution is not None]
    assert all(sum(one.counts) == one.zero + sum(one.positive.values()) for one in found)
    assert sum(sum(one.counts) for one in found) == 20_000
    assert sum(one.sum for one in found) == 20_000 * 50.5
    assert sum(update.value for update in told if update.kind == "counter") == 20_000
