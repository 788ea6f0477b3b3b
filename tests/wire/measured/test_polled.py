"""What a worker says of its polling, in the memory that it measures in."""

import pytest

from servescope.wire.measured.folded import FoldedReader
from servescope.wire.measured.lines import LineReader
from servescope.wire.measured.memory import private
from servescope.wire.measured.polled import polled_into
from servescope.wire.messages import Measuring
from servescope.worker.measuring.each import Each
from servescope.worker.measuring.folding import Folding


@pytest.mark.parametrize(
    ("reader", "sink"),
    [(FoldedReader, lambda memory: Folding(memory, "m", Measuring(), lambda: 5.0)), (LineReader, Each)],
)
def test_seconds_are_added_up(reader, sink):
    """Beside what a handler measures, whichever way that is written, and which it leaves as it is."""
    memory = private()
    reads, writes, polled = reader(memory), sink(memory), polled_into(memory)
    assert reads.polled_s == 0.0
    polled(0.25)
    assert reads.take() == []
    writes.entry("counter", "N", "u", (), ()).write(3.0, "")
    polled(0.5)
    assert reads.polled_s == 0.75
    assert [update.value for update in reads.take()] == [3.0]
