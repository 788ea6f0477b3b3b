"""Lines on their way through the ring: every write as it was made, in order, in memory that has an end."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.wire.measured.lines import LINE_LIMIT, PATIENCE_S, LineReader, LineWriter
from servescope.wire.measured.memory import CELL, HEADER_CELLS, LINES_SIZE, PUT, private
from servescope.wire.measured.update import MetricUpdate


def line(number, name="N", length=0):
    return MetricUpdate("counter", name + "n" * length, "u", ["A"], ["ü"], float(number), "r", 1795492743.5)


class Clock:
    """Seconds that pass where somebody sleeps; `act` is done then."""

    def __init__(self):
        self.now = 0.0
        self.act = lambda: None

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds
        self.act()


@pytest.fixture
def ring():
    memory, clock = private(), Clock()
    return LineWriter(memory, clock, clock.sleep), LineReader(memory), clock


@given(st.lists(st.tuples(st.integers(0, 60_000), st.booleans()), max_size=300))
def test_all_come_in_order(writes):
    """However long they are, and wherever the ring's end falls."""
    memory = private()
    writer, reader = LineWriter(memory), LineReader(memory)
    found = []
    for number, (length, ask) in enumerate(writes):
        if writer._put - reader._taken > LINES_SIZE // 2 or ask:
            found += reader.take()
        assert writer.put(line(number, length=length))
    found += reader.take(final=True)
    assert found == [line(number, length=length) for number, (length, _) in enumerate(writes)]


def test_some_at_a_time(ring):
    """So that the front end's loop is not held up by many."""
    writer, reader, _ = ring
    for number in range(25):
        writer.put(line(number))
    assert [[one.value for one in reader.take(most=10)] for _ in range(4)] == [
        [*range(10)],
        [*range(10, 20)],
        [*range(20, 25)],
        [],
    ]


def fill(writer):
    count = 0
    while writer.put(line(count, length=50_000)):
        count += 1
    return count


def test_a_writer_waits_for_the_reader(ring):
    """And loses nothing then."""
    writer, reader, clock = ring
    found = []
    clock.act = lambda: found.extend(reader.take(most=1))
    for number in range(200):
        assert writer.put(line(number, length=50_000))
    found += reader.take()
    assert [one.value for one in found] == list(range(200))


def test_a_front_end_that_does_not_read_keeps_nobody(ring):
    """The writer waits once, for a second; what it drops is counted, until there is room again."""
    writer, reader, clock = ring
    count = fill(writer)
    assert clock.now == pytest.approx(PATIENCE_S, abs=0.01)
    for _ in range(9):
        assert not writer.put(line(0, length=50_000))
    assert clock.now == pytest.approx(PATIENCE_S, abs=0.01)
    dropped, *found = reader.take()
    assert (dropped.kind, dropped.unit, dropped.value, len(found)) == ("dropped", "room", 10.0, count)
    assert writer.put(line(7))
    assert [one.value for one in reader.take()] == [7.0]


def test_one_that_is_too_long(ring):
    """Is refused."""
    writer, reader, _ = ring
    with pytest.raises(ValueError, match=f"at most {LINE_LIMIT}"):
        writer.put(line(1, length=LINE_LIMIT))
    assert reader.take() == []


@given(st.binary(min_size=8, max_size=100), st.integers(0, 200))
def test_bytes_that_are_no_line(noise, at):
    """End the reading, and nothing is made up."""
    memory = private()
    writer, reader = LineWriter(memory), LineReader(memory)
    for number in range(3):
        writer.put(line(number))
    start = HEADER_CELLS * CELL + at
    memory[start : start + len(noise)] = noise
    found = [one.value for one in reader.take()]
    assert found == [0.0, 1.0, 2.0][: len(found)]


@pytest.mark.parametrize("put", [float("nan"), -1.0, 100.0])
def test_a_beginning_that_says_nonsense(put):
    """Leads nowhere."""
    memory = private()
    reader = LineReader(memory)
    struct.pack_into("d", memory, PUT * CELL, put)
    assert reader.take() == []
