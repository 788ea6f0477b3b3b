"""How long a worker has polled (`wire.polling`): processor seconds, in the memory that it shares with the front end. Only growing.

Called by `worker.__main__`; the readers of that memory tell it.
"""

import mmap
from collections.abc import Callable

from servescope.wire.measured.memory import POLLED


def polled_into(memory: mmap.mmap) -> Callable[[float], None]:
    """What a worker calls with seconds that it has just polled."""
    cells = memoryview(memory).cast("d")

    def add(seconds: float) -> None:
        cells[POLLED] += seconds

    return add
