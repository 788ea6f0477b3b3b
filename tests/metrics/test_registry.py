"""The registry: families by name, readers, collectables, and its own size."""

import itertools
import logging
import math
import threading

import pytest

from servescope.metrics.definitions import BY_NAME, DEFINITIONS, Definition
from servescope.metrics.exposition import openmetrics, protobuf, text
from servescope.metrics.exposition.text import render
from servescope.metrics.registry import Registry
from servescope.metrics.slices import SLICE_S


def test_every_definition_has_a_name_of_its_own() -> None:
    """Samples of two families never share a name; the registry accepts them all, in order."""
    registry = Registry()
    assert [family.definition for family in registry.collect()] == list(DEFINITIONS)
    assert len(BY_NAME) == len(DEFINITIONS)


@pytest.mark.parametrize("name", ["h", "h_sum", "h_bucket", "h_count"])
def test_taken_names(name: str) -> None:
    """A histogram takes four names."""
    registry = Registry([Definition("h", "histogram", "s", (), "help", "", (1.0,))])
    with pytest.raises(ValueError, match="taken by h"):
        registry.add(Definition(name, "gauge", "", (), "help"))


@pytest.mark.parametrize("name", ["s", "s_sum", "s_count"])
def test_names_that_a_summary_takes(name: str) -> None:
    """Three, in both directions."""
    summary = Definition("s", "summary", "s", (), "help")
    gauge = Definition(name, "gauge", "", (), "help")
    with pytest.raises(ValueError, match="taken by s"):
        Registry([summary]).add(gauge)
    with pytest.raises(ValueError, match=f"taken by {name}"):
        Registry([gauge]).add(summary)
    assert Registry([summary]).taken_by(Definition("s_bucket", "unknown", "", (), "help")) == ""


def test_summaries_and_unknowns() -> None:
    """They are asked for by their kinds, as the others."""
    registry = Registry([Definition("s", "summary", "s", ("a",), "help"), Definition("u", "unknown", "", (), "help")])
    registry.summary("s").labels("x").observe(2.0)
    registry.unknown("u").labels().value = 3.0
    text = b"".join(render(registry)).decode()
    assert 's_count{a="x",} 1.0\ns_sum{a="x",} 2.0\n' in text
    assert "# TYPE u untyped\nu 3.0\n" in text
    with pytest.raises(TypeError, match="metric u is of kind unknown, not gauge"):
        registry.gauge("u")
    with pytest.raises(TypeError, match="metric s is of kind summary, not unknown"):
        registry.unknown("s")


def test_kind_mismatch() -> None:
    """Asking for a gauge where a counter is says so."""
    with pytest.raises(TypeError, match="metric Requests2XX is of kind counter, not gauge"):
        Registry().gauge("Requests2XX")
    with pytest.raises(TypeError, match="metric QueueTime is of kind gauge, not counter"):
        Registry().counter("QueueTime")
    with pytest.raises(TypeError, match="metric QueueTime is of kind gauge, not histogram"):
        Registry().histogram("QueueTime")


def test_wrong_number_of_labels() -> None:
    """It names the family and the labels."""
    with pytest.raises(ValueError, match=r"QueueTime has labels \('Level', 'Hostname'\), got values \('Host',\)"):
        Registry().gauge("QueueTime").labels("Host")


def test_a_family_that_is_off_takes_writes_but_is_not_shown() -> None:
    """So the writers need not know what metrics.yaml chose."""
    registry = Registry([BY_NAME["QueueTime"]])
    registry.counter("Requests2XX").labels("Host", "h").value += 1.0
    assert [family.definition.name for family in registry.collect()] == ["QueueTime"]
    assert registry.find("Requests2XX") is None


def test_a_reader_that_raises_gives_nan(caplog: pytest.LogCaptureFixture) -> None:
    """A scrape is not lost for one gauge."""
    registry = Registry([Definition("g", "gauge", "", ("a",), "help")])

    def broken() -> float:
        raise OSError("gone")

    registry.gauge("g").read(broken, "x")
    with caplog.at_level(logging.WARNING):
        (series,) = registry.gauge("g").snapshot()
        assert math.isnan(series.value)
    assert "a gauge could not be read" in caplog.text


def test_a_counter_may_be_read_at_scrape_time(caplog: pytest.LogCaptureFixture) -> None:
    """As a gauge, each time that it is asked for."""
    registry = Registry([Definition("c_total", "counter", "", ("a",), "help")])
    numbers = iter([1, 2])
    registry.counter("c_total").read(lambda: next(numbers), "x")
    (series,) = registry.counter("c_total").snapshot()
    assert [series.value, series.value] == [1.0, 2.0]
    with caplog.at_level(logging.WARNING):
        assert math.isnan(series.value)
    assert "a counter could not be read" in caplog.text


def test_the_size_of_families_is_a_metric() -> None:
    """Counted in samples: a histogram's series has one a bucket and three more."""
    registry = Registry()
    registry.histogram("servescope_scrape_duration_seconds").labels().observe(0.001)
    sizes = {values[0]: one.value for values, one in registry.gauge("servescope_series").series.items()}
    assert sizes["servescope_scrape_duration_seconds"] == 19
    assert sizes["QueueTime"] == 0
    text = b"".join(render(registry, ["servescope_scrape_duration_seconds_bucket"])).decode()
    assert text.count("_bucket{") == 17


def test_other_collectables_join() -> None:
    """A registry is a collectable itself, so one can be shown within another."""
    outer, inner = Registry(()), Registry([Definition("inner", "gauge", "", (), "help")])
    calls = []
    outer.register(inner)
    outer.before_collect(lambda: calls.append(1))
    assert [family.definition.name for family in outer.collect()] == ["inner"]
    assert calls == [1]


def test_what_is_prepared_in_steps() -> None:
    """Lets others run between them, wherever a rendering has held the loop for long enough; all of it comes before the page."""
    registry, done = Registry([Definition("f", "gauge", "", (), "help")]), []

    def prepare():
        for number in range(6):
            done.append(number)
            yield

    registry.before_collect(prepare)
    registry.before_collect(lambda: done.append("at once"))
    for render_it in (text.render, openmetrics.render, protobuf.render):
        done.clear()
        ticks = itertools.count()
        first, *others = render_it(registry, clock=lambda ticks=ticks: next(ticks) * 0.6 * SLICE_S)
        assert first == b""
        assert done == [0, 1, 2, 3, 4, 5, "at once"]
        assert len(others) >= 3
        assert b"f" in b"".join(others)
        done.clear()
        next(iter(render_it(registry, clock=lambda ticks=ticks: next(ticks) * 0.6 * SLICE_S)))
        assert 0 < len(done) < 6


def test_warnings_are_bounded(caplog: pytest.LogCaptureFixture) -> None:
    """Handlers choose the keys, so there is an end to them."""
    registry = Registry(())
    with caplog.at_level(logging.WARNING):
        for number in range(1100):
            registry.warn_once(str(number), "text")
            registry.warn_once(str(number), "text")
    assert len(caplog.records) == 1000


def test_a_thread_may_bind_while_another_renders() -> None:
    """The collectors' thread binds and drops series of its families during scrapes."""
    registry = Registry([Definition("g", "gauge", "", ("a",), "help")])
    family, done = registry.gauge("g"), threading.Event()

    def churn() -> None:
        for number in range(5_000):
            family.labels(str(number)).value = 1.0
            family.remove(str(number - 50))
        done.set()

    thread = threading.Thread(target=churn)
    thread.start()
    renders = 0
    while not done.is_set() or not renders:
        assert b"".join(render(registry)).startswith(b"# HELP g help\n# TYPE g gauge\n")
        renders += 1
    thread.join()
    assert len(family.series) == 50
