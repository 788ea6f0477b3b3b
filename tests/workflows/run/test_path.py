"""Where a workflow's time went adds up to its duration, whatever ran beside what."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.metrics.definitions import STAGES
from servescope.metrics.recording.requests.times import BatchTimes
from servescope.workflows.run.path import Tried, Visit, critical_path, seconds_by_node, seconds_by_stage


def test_the_slower_branch():
    """The answer waited for b, not for c; the last node has what it took to be sent."""
    visits = {
        "a": Visit("a", None, 10.0, 11.0, []),
        "b": Visit("b", "a", 11.0, 14.0, []),
        "c": Visit("c", "a", 11.0, 12.0, []),
        "d": Visit("d", "b", 14.0, 15.0, []),
    }
    path = critical_path(visits, "d")
    assert [visit.node for visit in path] == ["d", "b", "a"]
    assert seconds_by_node(path, 15.5) == {"d": 1.5, "b": 3.0, "a": 1.0}


def test_the_stages_of_attempts():
    """Each attempt's own; what lies between and around them is the server's, and at the end the answer's."""
    first = BatchTimes(formed=11.0, assembling=11.0, size=1, worker="w", turn=11.0, received=12.0, prediction=1.0)
    second = BatchTimes(formed=13.5, assembling=13.5, size=1, worker="w", turn=13.5, received=14.0, prediction=0.5)
    visit = Visit("a", None, 10.0, 14.0, [Tried(10.0, 12.0, first, True), Tried(13.0, 14.0, second, True)])
    found = seconds_by_stage(critical_path({"a": visit}, "a"), 14.25)
    assert found == {"queue": 1.5, "handler": 1.5, "respond": 1.25, "dispatch": 0.0}
    unfinished = Visit("a", None, 10.0, 0.0, [Tried(10.0, 11.0, None, False), Tried(13.0, 14.0, None, True)])
    assert seconds_by_stage([unfinished], 14.0) == {"dispatch": 1.0 + 2.0, "queue": 1.0}


MOMENTS = st.floats(0.001, 5.0)


@given(st.lists(st.tuples(MOMENTS, st.lists(MOMENTS, max_size=3)), min_size=1, max_size=6), MOMENTS)
def test_it_adds_up(steps, sending):
    """Of a chain of nodes with any attempts: by node and by stage it is the whole, and nothing is below zero."""
    now, visits, last = 100.0, {}, None
    for number, (took, attempts) in enumerate(steps):
        began, at, tried = now, now, []
        for seconds in attempts:
            times = BatchTimes(at + seconds / 4, at + seconds / 4, 1, "w")
            times.answered(0.0, at + seconds / 2, {"prediction": seconds / 8}, handled=True)
            tried.append(Tried(at, at + seconds, times, True))
            at += seconds
        now = at + took
        visits[str(number)] = Visit(str(number), last, began, now, tried)
        last = str(number)
    path = critical_path(visits, last)
    ended = now + sending
    nodes, stages = seconds_by_node(path, ended), seconds_by_stage(path, ended)
    assert sum(nodes.values()) == pytest.approx(ended - 100.0)
    assert sum(stages.values()) == pytest.approx(ended - 100.0)
    assert set(stages) <= set(STAGES)
    assert min(*nodes.values(), *stages.values(), 0.0) >= 0.0
