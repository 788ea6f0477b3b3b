"""The reader of what a worker measures, whichever way the worker writes it. Called by `fleet.backends`, and by a worker's agent."""

import mmap

from servescope.wire.measured.folded import FoldedReader
from servescope.wire.measured.lines import LineReader
from servescope.wire.measured.told import ToldReader
from servescope.wire.messages import Measuring

MeasuredReader = FoldedReader | LineReader | ToldReader


def reader_of(memory: mmap.mmap, measuring: Measuring | None) -> FoldedReader | LineReader:
    """Reads what a worker writes that was told to measure so."""
    return LineReader(memory) if measuring is not None and measuring.each else FoldedReader(memory)
