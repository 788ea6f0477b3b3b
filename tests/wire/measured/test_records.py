"""Records in the shared memory: what one end appends the other reads, and what is no record is never taken for one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.wire.measured.memory import CELL, HEADER_CELLS, SIZE, USED, private
from servescope.wire.measured.records import HEAD_LIMIT, NativeHead, RecordReader, Records, SeriesHead

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
series = st.builds(
    SeriesHead,
    st.sampled_from(["counter", "gauge", "histogram", "dropped"]),
    text,
    text,
    st.lists(text, max_size=3),
    st.lists(text, max_size=3),
    st.lists(st.floats(allow_nan=False), max_size=5),
    st.booleans(),
)
heads = st.lists(series | st.builds(NativeHead, st.integers(0, 2**40), st.integers(-40000, 40000), st.booleans()))


def head_of(name):
    return SeriesHead("counter", name, "Count", ["ModelName"], ["m"], [], False)


@given(heads, st.integers(0, 20))
def test_heads_come_as_they_went(written, read_after):
    """In their order, once each, with cells of their own that begin at zero."""
    memory = private()
    records, reader = Records(memory), RecordReader(memory)
    found, firsts = [], []
    for number, head in enumerate(written):
        firsts.append(records.append(head))
        if number == read_after:
            found += reader.new()
    assert reader.complete == (len(found) == len(written))
    found += reader.new()
    assert reader.complete
    assert reader.new() == []
    assert found == list(zip(written, firsts, strict=True))
    ends = [first + head.cells for head, first in found]
    assert all(end < later for end, later in zip(ends, firsts[1:], strict=False))
    for head, first in found:
        assert list(reader.cells[first : first + head.cells]) == [0.0] * head.cells


def test_a_head_that_is_too_long_is_refused():
    """And leaves the memory as it was."""
    memory = private()
    records = Records(memory)
    with pytest.raises(ValueError, match=f"at most {HEAD_LIMIT}"):
        records.append(head_of("n" * HEAD_LIMIT))
    records.append(head_of("short"))
    assert [head.name for head, _ in RecordReader(memory).new()] == ["short"]


def test_the_memory_has_an_end():
    """Which is told, and nothing beyond it is written; what is smaller may still find room."""
    memory = private()
    records = Records(memory)
    count = 0
    while records.append(head_of(f"{count:05}" + "n" * 10_000)) is not None:
        count += 1
    assert count * 10_000 <= SIZE < (count + 1) * 10_100
    assert records.append(head_of("short")) is not None
    assert len(RecordReader(memory).new()) == count + 1


@pytest.mark.parametrize("used", [float("nan"), float("inf"), -1.0, 1e300, SIZE / CELL + 1, HEADER_CELLS + 0.5])
def test_a_beginning_that_says_nonsense(used):
    """Leads nowhere."""
    memory = private()
    reader = RecordReader(memory)
    reader.cells[USED] = used
    assert reader.new() == []


@given(st.binary(min_size=1, max_size=200), st.integers(0, 150))
def test_bytes_that_are_no_record(noise, at):
    """As a worker that runs wild may leave them: what comes before them is read, and nothing is made up."""
    memory = private()
    records = Records(memory)
    for name in ("one", "two", "three"):
        records.append(head_of(name))
    start = HEADER_CELLS * CELL + at
    memory[start : start + len(noise)] = noise
    names = [head.name for head, _ in RecordReader(memory).new()]
    assert names == ["one", "two", "three"][: len(names)]
