"""Seconds that a worker has polled, over its processes."""

import math

from hypothesis import example, given
from hypothesis import strategies as st

from servescope.fleet.worker.polled import Polled


class Process:
    """What one says."""

    def __init__(self, polled_s=0.0):
        self.polled_s = polled_s


def test_restarts_go_on_from_there():
    """Its next process begins at nothing, and nothing is lost with one that died."""
    polled, first, second = Polled(), Process(1.5), Process()
    assert polled.seconds == 0.0
    polled.began(first)
    assert polled.seconds == 1.5
    first.polled_s = 2.0
    polled.ended()
    first.polled_s = 9.0
    assert polled.seconds == 2.0
    polled.began(second)
    assert polled.seconds == 2.0
    second.polled_s = 0.5
    assert polled.seconds == 2.5


@given(st.lists(st.floats() | st.just("ends")))
@example([1.7976931348623157e308, "ends", 9.9792015476736e291])
def test_whatever_a_process_says(said):
    """It is a number that never falls: a handler may write into that memory."""
    polled, last = Polled(), 0.0
    process = Process()
    polled.began(process)
    for each in said:
        if each == "ends":
            polled.ended()
            polled.began(process := Process())
        else:
            process.polled_s = each
        assert last <= polled.seconds < math.inf
        last = polled.seconds
