"""Columns over time: of one length, with gaps where the server was not there, and nothing lost by asking for fewer."""

import asyncio

import pytest

from servescope.console.history.kept import HOST, Sample
from servescope.console.history.ring import Ring
from servescope.console.views.lines import Lines
from servescope.console.views.past import heatmap, history, machine_history

MODEL = ("m", "1.0")
STEPS = (1, 2, 3, 6, 7)


def told(document):
    return asyncio.run(document)


def sample(count):
    buckets = {("duration", 0.1): count * 3.0, ("duration", 1.0): float(count)}
    counters = {("requests", "2xx"): count * 4.0, ("requests", "5xx"): float(count), ("queued", ""): count * 5.0}
    return Sample(
        counters | buckets | {("stage", "queue"): count * 0.5},
        {("queue", ""): float(count % 3), ("workers", ""): 1.0},
        {"duration": (0.1, 1.0)},
    )


@pytest.fixture
def ring():
    """Five steps, a gap after the third."""
    found = Ring(5.0, 20)
    for number, step in enumerate(STEPS, 1):
        found.take(
            step * 5.0, {MODEL: sample(number), HOST: Sample({("cpu_s", ""): number * 1.0}, {("gpu", "0"): 0.5})}
        )
    return found


def test_history(ring):
    """A value a step, None where nobody looked."""
    found = told(history("hour", ring, MODEL, 100, language_model=False))
    assert found["at"] == [5.0, 10.0, 15.0, 20.0, 25.0, 30.0, 35.0]
    assert found["rate"] == [1.0, 1.0, 1.0, None, None, 1.0, 1.0]
    assert found["error_rate"] == [0.2, 0.2, 0.2, None, None, 0.2, 0.2]
    assert found["queue"] == [1.0, 2.0, 0.0, None, None, 1.0, 2.0]
    assert found["stages"]["queue"][:4] == [0.1, 0.1, 0.1, None]
    assert found["llm"] is None
    lengths = {len(column) for name, column in found.items() if isinstance(column, list)}
    assert lengths == {7}


def test_fewer_points(ring):
    """Neighbours are put together: their requests are added, the largest queue stays, percentiles are of all their values."""
    found = told(history("hour", ring, MODEL, 3, language_model=True))
    assert found["step_s"] == 15.0
    assert found["queue"] == [2.0, 0.0, 2.0]
    assert sum(rate * seconds for rate, seconds in zip(found["rate"], (10, 5, 10), strict=True)) == pytest.approx(25)
    assert found["llm"]["running"] == [0.0, 0.0, 0.0]


def test_heatmap(ring):
    """A column of counts a step, each one longer than the bounds."""
    found = told(heatmap("hour", ring, MODEL, 100))
    assert found["bounds"] == [0.1, 1.0]
    assert found["counts"] == [[3, 1, 0], [3, 1, 0], [3, 1, 0], None, None, [3, 1, 0], [3, 1, 0]]
    assert found["most"] == 3
    whole = told(heatmap("hour", ring, MODEL, 1))
    assert [sum(column) for column in zip(*whole["counts"], strict=True)] == [15, 5, 0]


def test_nothing_yet():
    """A server that has just begun has columns without values."""
    empty = Ring(5.0, 20)
    assert told(history("hour", empty, MODEL, 100, language_model=False))["rate"] == []
    assert told(heatmap("hour", empty, MODEL, 100))["counts"] == []
    assert told(machine_history("hour", empty, 100))["gpus"] == {}


def test_the_machine(ring):
    """Its own process, and each GPU."""
    found = told(machine_history("hour", ring, 100))
    assert found["front_end_cpu_ratio"][:4] == [0.2, 0.2, 0.2, None]
    assert found["gpus"]["0"]["utilization_ratio"][-1] == 0.5


def test_lines(ring):
    """They are the history's, whether a step was worked out just now or before."""
    lines = Lines(ring)
    first = lines.of(MODEL)
    past = told(history("hour", ring, MODEL, 100, language_model=False))
    assert first == {name: past[name] for name in ("at", "rate", "error_rate", "p99", "queue", "workers")}
    ring.take(40.0, {MODEL: sample(9)})
    assert lines.of(MODEL)["at"][-1] == 40.0
    assert {name: column[:-1] for name, column in lines.of(MODEL).items()} == first
    lines.forget(set())
    assert lines.of(MODEL)["at"][-1] == 40.0


def test_lines_after_a_clock_was_set_back(ring):
    """A step that is written once more is shown as it is now."""
    lines = Lines(ring)
    assert lines.of(MODEL)["queue"][-1] == 2.0
    ring.take(25.0, {MODEL: sample(6)})
    assert lines.of(MODEL)["queue"][-1] == 0.0
    ring.take(30.0, {MODEL: sample(6)})
    ring.take(35.0, {MODEL: sample(9)})
    assert lines.of(MODEL)["queue"][-2:] == [0.0, 0.0]
