"""The sampler: isolated, timed, at once and then at intervals, without stale values."""

import logging
import threading
from collections.abc import Iterable

import pytest

from servescope.errors import ConfigurationError
from servescope.metrics.collectors.reading import PartlyFailed, Reading
from servescope.metrics.collectors.sampler import LATE_S, Sampler
from servescope.metrics.registry import Registry


class Scripted:
    """A collector that gives, or raises, one thing after the other, then the last again."""

    def __init__(self, name: str, *answers: list[Reading] | Exception) -> None:
        self.name = name
        self.called = threading.Semaphore(0)
        self._answers = list(answers)

    def update(self) -> Iterable[Reading]:
        self.called.release()
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def memory(value: float, host: str = "h") -> Reading:
    return Reading("MemoryUsed", ("Host", host), value)


def values(registry: Registry, name: str) -> dict[tuple[str, ...], float]:
    return {labels: one.value for labels, one in registry.gauge(name).series.items()}


@pytest.fixture
def registry() -> Registry:
    return Registry()


def test_a_failing_collector_costs_only_its_own(registry: Registry, caplog: pytest.LogCaptureFixture) -> None:
    """The others' readings are there; success says which failed; it is logged once, not at every sample."""
    bad = Scripted("bad", ValueError("odd file"))
    sampler = Sampler([bad, Scripted("good", [memory(5.0)])], 5.0, registry)
    with caplog.at_level(logging.WARNING):
        sampler.sample_once()
        sampler.sample_once()
    assert values(registry, "MemoryUsed") == {("Host", "h"): 5.0}
    assert values(registry, "servescope_collector_success") == {("bad",): 0.0, ("good",): 1.0}
    assert [record.getMessage() for record in caplog.records] == ["collector bad fails; its metrics are absent"]


def test_no_stale_values(registry: Registry) -> None:
    """What was not read this time is gone, and comes back when it is read again."""
    script = ([memory(1.0, "a"), memory(1.0, "b")], [memory(2.0, "a")], OSError("gone"), [memory(3.0, "a")])
    sampler = Sampler([Scripted("one", *script)], 5.0, registry)
    seen = []
    for _ in range(4):
        sampler.sample_once()
        seen.append({labels[1]: value for labels, value in values(registry, "MemoryUsed").items()})
    assert seen == [{"a": 1.0, "b": 1.0}, {"a": 2.0}, {}, {"a": 3.0}]
    assert values(registry, "servescope_collector_success") == {("one",): 1.0}


def test_each_run_is_timed(registry: Registry) -> None:
    """On the clock that was given."""
    ticks = iter([0.0, 0.25, 1.0, 1.5])
    Sampler([Scripted("a", []), Scripted("b", OSError())], 5.0, registry, clock=lambda: next(ticks)).sample_once()
    assert values(registry, "servescope_collector_duration_seconds") == {("a",): 0.25, ("b",): 0.5}


def test_the_thread(registry: Registry) -> None:
    """The first sample comes at once, others follow, and stop ends it."""
    collector = Scripted("one", [memory(1.0)])
    sampler = Sampler([collector], 0.001, registry)
    sampler.start()
    sampler.start()
    for _ in range(3):
        assert collector.called.acquire(timeout=10)
    named = [thread for thread in threading.enumerate() if thread.name == "servescope-collectors"]
    assert len(named) == 1
    sampler.stop()
    sampler.stop()
    assert not named[0].is_alive()


def test_a_long_interval_does_not_delay_the_end(registry: Registry) -> None:
    """It waits on an event, not in a sleep."""
    collector = Scripted("one", [])
    sampler = Sampler([collector], 3600.0, registry)
    sampler.start()
    assert collector.called.acquire(timeout=10)
    sampler.stop(timeout_s=30.0)
    assert all(thread.name != "servescope-collectors" for thread in threading.enumerate())


@pytest.mark.parametrize("interval", [0, -1.0, float("nan")])
def test_a_bad_interval(registry: Registry, interval: float) -> None:
    """The error names the option and the value."""
    with pytest.raises(ConfigurationError, match=f"metric_time_interval must be .* not {interval}"):
        Sampler([], interval, registry)


def test_a_part_that_fails(registry: Registry, caplog: pytest.LogCaptureFixture) -> None:
    """What was read is shown, the rest is gone, and the failure shows; it is logged when it begins and when it
    changes.
    """
    partly = PartlyFailed([memory(2.0, "a")], "b is lost")
    both = [memory(1.0, "a"), memory(1.0, "b")]
    script = (both, partly, partly, PartlyFailed([], "all are lost"), both)
    sampler = Sampler([Scripted("one", *script)], 5.0, registry)
    seen = []
    with caplog.at_level(logging.WARNING):
        for _ in script:
            sampler.sample_once()
            seen.append({labels[1]: value for labels, value in values(registry, "MemoryUsed").items()})
            seen.append(values(registry, "servescope_collector_success")["one",])
    assert seen == [{"a": 1.0, "b": 1.0}, 1.0, {"a": 2.0}, 0.0, {"a": 2.0}, 0.0, {}, 0.0, {"a": 1.0, "b": 1.0}, 1.0]
    assert [record.getMessage() for record in caplog.records] == [
        f"collector one fails in part: {why}; these metrics are absent" for why in ("b is lost", "all are lost")
    ]


def test_readings_that_cannot_be_written(registry: Registry) -> None:
    """Labels that the family has not, or a family that nobody declared, cost the collector its own series only."""
    wrong = Reading("MemoryUsed", ("h",), 1.0)
    unknown = Reading("no_such_family", (), 1.0)
    for reading in (wrong, unknown):
        script = ([memory(1.0)], [memory(2.0), reading])
        sampler = Sampler([Scripted("bad", *script), Scripted("good", [])], 5.0, registry)
        sampler.sample_once()
        sampler.sample_once()
        assert values(registry, "MemoryUsed") == {}
        assert values(registry, "servescope_collector_success") == {("bad",): 0.0, ("good",): 1.0}


def test_counters(registry: Registry) -> None:
    """They grow with their source, and go where it fails."""
    readings = [[Reading("process_cpu_seconds_total", (), total)] for total in (1.0, 2.5)]
    sampler = Sampler([Scripted("one", *readings, OSError("gone"))], 5.0, registry)
    seen = []
    for _ in range(3):
        sampler.sample_once()
        seen.append([one.value for one in registry.counter("process_cpu_seconds_total").series.values()])
    assert seen == [[1.0], [2.5], []]


class Stuck:
    """A collector that does not come back until it is let go."""

    name = "stuck"

    def __init__(self) -> None:
        self.asked = threading.Semaphore(0)
        self.stuck = threading.Event()
        self.let_go = threading.Event()
        self.reading = memory(1.0)

    def update(self) -> Iterable[Reading]:
        self.asked.release()
        if not self.let_go.is_set():
            self.stuck.set()
            self.let_go.wait(60)
        return [self.reading]


def test_a_collector_that_does_not_come_back(registry: Registry, caplog: pytest.LogCaptureFixture) -> None:
    """Its series go and its success is 0 while the others are sampled on; what it says at last is too old; then all is well."""
    now = 0.0
    stuck, good = Stuck(), Scripted("good", [Reading("MemoryAvailable", ("Host", "h"), 2.0)])
    stuck.let_go.set()
    sampler = Sampler([stuck, good], 0.001, registry, clock=lambda: now)
    sampler.start()
    assert stuck.asked.acquire(timeout=10)
    assert good.called.acquire(timeout=10)
    stuck.let_go.clear()
    assert stuck.stuck.wait(10)
    good.called = threading.Semaphore(0)
    list(registry.collect())  # a scrape before it is late changes nothing
    assert values(registry, "MemoryUsed") == {("Host", "h"): 1.0}
    now = LATE_S + 1.0
    list(registry.collect())
    for _ in range(3):
        assert good.called.acquire(timeout=10)
    assert values(registry, "MemoryUsed") == {}
    assert values(registry, "MemoryAvailable") == {("Host", "h"): 2.0}
    assert values(registry, "servescope_collector_success") == {("stuck",): 0.0, ("good",): 1.0}
    stuck.reading, stuck.asked = memory(3.0), threading.Semaphore(0)
    stuck.let_go.set()
    for _ in range(3):
        assert stuck.asked.acquire(timeout=10)
    sampler.stop()
    assert values(registry, "MemoryUsed") == {("Host", "h"): 3.0}
    assert values(registry, "servescope_collector_success") == {("stuck",): 1.0, ("good",): 1.0}
    assert [record.getMessage() for record in caplog.records] == ["collector stuck fails; its metrics are absent"]
    assert all(thread.name != "servescope-collectors" for thread in threading.enumerate())
