"""Whether a model sleeps."""

import pytest

from servescope.autoscaler.guards.sleep import sleep
from servescope.autoscaler.signals import Signals


def _model(workers, starting=0, **told):
    known = {"queued": 0, "in_flight": 0, "idle_s": 100.0} | told
    return Signals(0.0, 0.0, 0.0, 0.0, known.pop("queued"), workers, starting, None, 1.0, **known)


@pytest.mark.parametrize(
    ("signals", "after_s", "word"),
    [
        (_model(1), None, "awake"),
        (_model(1), 60.0, "asleep"),
        (_model(1), 100.0, "asleep"),
        (_model(1), 101.0, "awake"),
        (_model(1, queued=1), 60.0, "awake"),
        (_model(1, in_flight=1), 60.0, "awake"),
        (_model(1, queued=None), 60.0, "awake"),
        (_model(1, in_flight=None), 60.0, "awake"),
        (_model(1, idle_s=None), 60.0, "awake"),
        (_model(0), 60.0, "asleep"),
        (_model(0, idle_s=None), 60.0, "asleep"),
        (_model(0, idle_s=3.0), 60.0, "woken"),
        (_model(0, queued=1), 60.0, "woken"),
        (_model(0, queued=1), None, "woken"),
        (_model(0, starting=1, queued=1), 60.0, "awake"),
        (_model(0), None, "awake"),
        (_model(0, starting=1, failed_starts=3), 60.0, "awake"),
        (_model(1, starting=1, failed_starts=3), 60.0, "asleep"),
        (_model(0, failed_starts=3), 60.0, "woken"),
        (_model(0, failed_starts=3), None, "awake"),
    ],
)
def test_a_model_sleeps_only_where_asked_for_and_wakes_for_a_request(signals, after_s, word):
    """What is not known keeps it awake while it has workers, and does not wake it when it has none. One that does not load does not
    sleep: it is tried again, after it was given up, too.
    """
    assert sleep(signals, after_s) == word
