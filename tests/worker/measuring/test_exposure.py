"""prometheus_client's registry on the wire: what its text exposition would show, collector by collector."""

import math

import prometheus_client as library
import pytest
from prometheus_client.core import CounterMetricFamily, GaugeHistogramMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.parser import text_string_to_metric_families

from servescope.worker.measuring.exposure import PIECE, Exposure


@pytest.fixture
def registry():
    return library.CollectorRegistry()


def families(registry, exposure=None):
    """Every family by name; those in pieces joined."""
    found = {}
    for piece in (exposure or Exposure()).pieces([registry]):
        assert not piece.problems
        for family in piece.families:
            there = found.setdefault(family.name, family)
            if there is not family:
                assert (there.kind, there.help, there.labels) == (family.kind, family.help, family.labels)
                there.series += family.series
    return found


def plain(family):
    """Label values → value."""
    return {tuple(series.values): series.value for series in family.series}


class Collector:
    """A handler's own. `collect` runs `make`."""

    def __init__(self, make):
        self.collect = make


def test_every_kind(registry):
    """Under the names that a scrape of the worker would show, with the kinds that this server has."""
    library.Counter("calls", "Calls.", ["by"], registry=registry).labels("me").inc(2)
    library.Gauge("heat", "Heat.", registry=registry).set(-1.5)
    library.Info("build", "Build.", registry=registry).info({"version": "7"})
    library.Enum("mood", "Mood.", states=["good", "bad"], registry=registry).state("bad")
    library.Summary("sizes", "Sizes.", registry=registry).observe(3)
    library.Histogram("times", "Times.", ["of"], buckets=[1, 2], registry=registry).labels("x").observe(1.5)
    found = families(registry)
    kinds = {name: (family.kind, family.help, family.labels) for name, family in found.items()}
    assert kinds == {
        "calls_total": ("counter", "Calls.", ["by"]),
        "heat": ("gauge", "Heat.", []),
        "build_info": ("gauge", "Build.", ["version"]),
        "mood": ("gauge", "Mood.", ["mood"]),
        "sizes": ("summary", "Sizes.", []),
        "times": ("histogram", "Times.", ["of"]),
    }
    assert plain(found["calls_total"]) == {("me",): 2.0}
    assert plain(found["heat"]) == {(): -1.5}
    assert plain(found["mood"]) == {("good",): 0.0, ("bad",): 1.0}
    assert (found["sizes"].series[0].count, found["sizes"].series[0].value) == (1.0, 3.0)
    times = found["times"].series[0]
    assert (times.values, times.value, times.count) == (["x"], 1.5, 1.0)
    assert times.buckets == [(1.0, 0.0), (2.0, 1.0), (math.inf, 1.0)]


def test_as_the_library_says_it(registry):
    """Every sample of its own exposition is there, but for the times of creation."""
    for number in range(3):
        counter = library.Counter(f"c{number}", "C.", ["a", "b"], registry=registry)
        for value in "xyz":
            counter.labels(value, str(number)).inc(number + 0.5)
    text = library.generate_latest(registry).decode()
    theirs = {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if not sample.name.endswith("_created")
    }
    mine = {
        (name, values): value for name, family in families(registry).items() for values, value in plain(family).items()
    }
    assert mine == theirs


def test_a_gauge_histogram(registry):
    """Its buckets are a histogram's."""
    made = GaugeHistogramMetricFamily("q", "Q.", buckets=[("1", 2), ("+Inf", 3)], gsum_value=4)
    registry.register(Collector(lambda: [made]))
    (series,) = families(registry)["q"].series
    assert (series.value, series.count, series.buckets) == (4.0, 3.0, [(1.0, 2.0), (math.inf, 3.0)])


def test_labels_that_vary(registry):
    """What a series does not have is "" there."""

    def collect():
        metric = Metric("odd", "Odd.", "gauge")
        metric.add_sample("odd", {"a": "1"}, 1)
        metric.add_sample("odd", {"b": "2"}, 2)
        yield metric

    registry.register(Collector(collect))
    family = families(registry)["odd"]
    assert (family.labels, plain(family)) == (["a", "b"], {("1", ""): 1.0, ("", "2"): 2.0})


def test_a_failing_collector_is_on_its_own(registry, capsys):
    """The others are collected; the model log has its traceback, once."""
    broken = {}

    def collect():
        if broken:
            raise RuntimeError("the meter is broken")
        return [CounterMetricFamily("meter", "Meter.", value=1)]

    library.Gauge("before", "B.", registry=registry).set(1)
    registry.register(Collector(collect))
    library.Gauge("after", "A.", registry=registry).set(2)
    exposure = Exposure()
    assert list(families(registry, exposure)) == ["before", "meter_total", "after"]
    broken["yes"] = True
    for _ in range(2):
        pieces = list(exposure.pieces([registry]))
        assert [family.name for piece in pieces for family in piece.families] == ["before", "after"]
        assert [text for piece in pieces for text in piece.problems] == [
            "collecting from a Collector raised RuntimeError"
        ]
    assert capsys.readouterr().err.count("RuntimeError: the meter is broken") == 1


def test_skipped_collectors(registry):
    """The library's own, which the front end shows for itself."""
    skipped = library.PlatformCollector(registry=registry)
    library.Gauge("mine", "M.", registry=registry)
    found = [family.name for piece in Exposure().pieces([registry], [skipped]) for family in piece.families]
    assert found == ["mine"]


def test_pieces_are_small(registry):
    """A large family comes in several, so that neither side is held up for long."""
    histogram = library.Histogram("h", "H.", ["n"], buckets=[1, 2], registry=registry)
    for number in range(1000):
        histogram.labels(str(number)).observe(1)
    pieces = list(Exposure().pieces([registry]))
    sizes = [sum(1 + len(series.buckets) for family in piece.families for series in family.series) for piece in pieces]
    assert len(families(registry)["h"].series) == 1000
    assert max(sizes) < PIECE + 4


def test_a_registry_of_another_make():
    """One that does not say what it holds is asked as a whole."""
    made = CounterMetricFamily("c", "C.", value=1)
    assert list(families(Collector(lambda: [made]))) == ["c_total"]


def of_registries(*registries):
    """Values by family, and problems."""
    pieces = list(Exposure().pieces(registries))
    values = {family.name: [one.value for one in family.series] for piece in pieces for family in piece.families}
    return values, [problem for piece in pieces for problem in piece.problems]


def test_several_registries():
    """A collector of two of them once, and of two families with one name the first, which is said."""
    first, second, third = library.CollectorRegistry(), library.CollectorRegistry(), library.CollectorRegistry()
    library.Gauge("mine", "M.", registry=first).set(1)
    shared = library.Gauge("shared", "S.", registry=first)
    second.register(shared)
    library.Gauge("mine", "M.", registry=second).set(2)
    library.Gauge("own", "O.", registry=third).set(3)
    values, problems = of_registries(first, second, third)
    assert values == {"mine": [1.0], "shared": [0.0], "own": [3.0]}
    assert problems == ["mine of a private registry is in another one too"]


def test_what_speaks_for_all_processes(tmp_path):
    """A handler's page of its own has it; each worker would show the sum of all as its own."""
    private = library.CollectorRegistry()
    MultiProcessCollector(private, path=str(tmp_path))
    values, problems = of_registries(library.CollectorRegistry(), private)
    assert values == {}
    assert problems == ["a MultiProcessCollector speaks for other processes too, and is left out"]
