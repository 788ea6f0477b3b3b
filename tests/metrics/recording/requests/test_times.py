"""The stages of a request: they add up to its duration, however far it came."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.metrics.recording.requests.times import BatchTimes, stage_times

seconds = st.floats(0, 100)


def test_a_request_that_went_all_the_way() -> None:
    """Each stage is what it says; dispatch is what is left."""
    times = BatchTimes(formed=12.0, assembling=11.5, size=4, worker="W")
    times.answered(
        12.25, 14.0, {"preprocess": 0.25, "inference": 0.5, "postprocess": 0.125, "prediction": 1.0}, handled=True
    )
    assert stage_times(times, 10.0, 14.5, queued=True) == {
        "queue": 1.5, "batch_wait": 0.5, "preprocess": 0.25, "inference": 0.5, "postprocess": 0.125, "handler": 0.125,
        "respond": 0.5, "dispatch": 1.0,
    }  # fmt: skip


def test_who_comes_while_a_batch_fills_waits_from_then() -> None:
    """A request's own waiting begins with it."""
    times = BatchTimes(formed=12.0, assembling=11.5, size=4, worker="W")
    stages = stage_times(times, 11.75, 13.0, queued=True)
    assert (stages["queue"], stages["batch_wait"], stages["dispatch"]) == (0.0, 0.25, 1.0)


def test_what_is_sent_ahead_waits_in_the_socket() -> None:
    """It is queued until the worker takes it up."""
    times = BatchTimes(formed=11.0, assembling=11.0, size=1, worker="W", ahead=True)
    times.answered(12.0, 13.0, {"prediction": 1.0}, handled=True)
    stages = stage_times(times, 10.0, 13.0, queued=True)
    assert (stages["queue"], stages["handler"], stages["dispatch"]) == (2.0, 1.0, 0.0)


@pytest.mark.parametrize(("queued", "stage"), [(True, "queue"), (False, "dispatch")])
def test_a_request_that_no_worker_got(queued: bool, stage: str) -> None:
    """Its time was waiting, or, if it was refused at once, nobody's."""
    assert stage_times(None, 10.0, 12.0, queued=queued) == {stage: 2.0}


def test_a_worker_that_died() -> None:
    """What the worker did with it nobody knows: it is not claimed for the handler."""
    times = BatchTimes(formed=11.0, assembling=11.0, size=1, worker="W")
    assert stage_times(times, 10.0, 15.0, queued=True) == {"queue": 1.0, "dispatch": 4.0}


@given(gaps=st.lists(seconds, min_size=6, max_size=6), share=st.floats(0, 1), ahead=st.booleans())
def test_the_stages_add_up(gaps: list[float], share: float, ahead: bool) -> None:
    """Whatever the moments, as long as they come in order."""
    arrived = 1000.0
    assembling, formed, started, done, received, ended = (arrived + sum(gaps[: n + 1]) for n in range(6))
    times = BatchTimes(formed, assembling, 2, "W", ahead)
    times.answered(
        started, received, {"inference": (done - started) * share, "prediction": done - started}, handled=True
    )
    stages = stage_times(times, arrived, ended, queued=True)
    assert sum(stages.values()) == pytest.approx(ended - arrived, abs=1e-6)
    assert all(value >= -1e-9 for value in stages.values())
