"""The front end's end of a worker's shared memory, whichever way the worker writes to it. Called by `fleet.backends`."""

import mmap

from servescope.wire.measured.folded import FoldedReader
from servescope.wire.measured.lines import LineReader
from servescope.wire.messages import Measuring

MeasuredReader = FoldedReader | LineReader


def reader_of(memory: mmap.mmap, measuring: Measuring | None) -> MeasuredReader:
    """Reads what a worker writes that was told to measure so."""
    return LineReader(memory) if measuring is not None and measuring.each else FoldedReader(memory)
