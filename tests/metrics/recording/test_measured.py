"""What workers measure, read at scrapes and at their ends: each write once, and the later of two workers' writes counts."""

from types import SimpleNamespace

import pytest

from metrics.dropped import dropped
from servescope.config.settings import Settings
from servescope.metrics.exposition.protobuf import render as protobuf
from servescope.metrics.exposition.text import render
from servescope.metrics.recording.measured import Measured
from servescope.metrics.recording.recorder import Recorder
from servescope.metrics.registry import Registry
from servescope.metrics.torchserve.setup import read_definitions
from servescope.metrics.torchserve.units import buckets_for
from servescope.wire.measured.folded import A_PART, FoldedReader
from servescope.wire.measured.memory import CELL, HEADER_CELLS, private
from servescope.wire.measured.names import metric_name
from servescope.wire.messages import Measuring
from servescope.worker.measuring.arguments import MetricTypes
from servescope.worker.measuring.custom_metrics import CustomMetrics
from servescope.worker.measuring.folding import Folding


class Worker:
    """A worker's metrics, attached to a model's recorder."""

    def __init__(self, name, model, clock=lambda: 1.0, **measuring):
        self.memory = private()
        self.metrics = CustomMetrics("m", sink=Folding(self.memory, "m", Measuring(**measuring), clock))
        self.name = name
        self.model = model
        model.worker_measures(name, FoldedReader(self.memory))

    def end(self):
        self.model.worker_measured(self.name)


class Bench:
    def __init__(self, **options):
        self.registry = Registry(series_budget=3, **options)
        self.recorder = Recorder(self.registry, "h")
        self.model = self.recorder.model("m", "1.0")

    def page(self, *names):
        return [
            line for line in b"".join(render(self.registry, names)).decode().splitlines() if not line.startswith("#")
        ]


@pytest.fixture
def bench():
    return Bench()


LABELS = 'ModelName="m",Level="Model",Hostname="h",'


def test_a_scrape_shows_what_is_written_by_then(bench):
    """Without any word from the worker."""
    worker = Worker("w", bench.model)
    for number in range(1, 4):
        worker.metrics.add_counter("C", 1)
        worker.metrics.add_percent("G", number)
        assert bench.page("C", "G") == [f"C{{{LABELS}}} {number}.0", f"G{{{LABELS}}} {number}.0"]


def test_two_workers_counts_add_and_of_their_gauges_the_later_counts(bench):
    """By the time of the write, not of the reading."""
    early, late = Worker("late", bench.model, lambda: 2.0), Worker("early", bench.model, lambda: 1.0)
    for number, worker in enumerate((early, late)):
        worker.metrics.add_counter("C", 1)
        worker.metrics.add_percent("G", number)
    late.end()
    assert bench.page("C", "G") == [f"C{{{LABELS}}} 2.0", f"G{{{LABELS}}} 0.0"]


def test_a_worker_that_has_ended_is_read_once_more(bench):
    """And nothing of it is counted twice."""
    worker = Worker("w", bench.model)
    worker.metrics.add_counter("C", 1)
    bench.page("C")
    worker.metrics.add_counter("C", 1)
    worker.end()
    worker.end()
    assert bench.page("C") == [f"C{{{LABELS}}} 2.0"]
    assert bench.page("C") == [f"C{{{LABELS}}} 2.0"]


def test_histograms_are_as_if_each_value_had_been_sent(bench):
    """In the classic form and in the native one."""
    values = [0.0, 0.004, 0.005, 0.3, 11.0, -2.0, 1e300]
    plain = Bench()
    series = plain.registry.add(_definition(bench)).labels("m", "Model", "h")
    for value in values:
        series.observe(value)
    worker = Worker("w", bench.model, bounds=list(series.bounds))
    for place, value in enumerate(values):
        worker.metrics.add_metric("H", value, "km", None, None, MetricTypes.HISTOGRAM)
        if place % 3 == 1:
            bench.page()
    assert bench.page("H_bucket", "H_sum", "H_count") == plain.page("H_bucket", "H_sum", "H_count")
    assert b"".join(protobuf(bench.registry, ["H_bucket"])) == b"".join(protobuf(plain.registry, ["H_bucket"]))


VALUES_MS = (0.5, 1.0, 3.0, 9.9, 10.0, 10.1, 35.0, 36.0, 70.0, 71.0, 100.0, 5_000.0, 60_000.0)
OWN_BOUNDS = (1.0, 10.0, 35.0, 70.0, 100.0)


@pytest.mark.parametrize("first", ["us", "ms", "s", "min"])
@pytest.mark.parametrize("name", ["my took", "Plain"])
def test_bounds_count_exactly_in_whichever_unit_a_histogram_is_shown(name, first):
    """Also those of the settings, by the name that is shown, and of a model that came with another unit than the first."""
    setup = read_definitions(Settings(metrics_buckets={"my_took": OWN_BOUNDS}))
    bench = Bench(buckets=setup.buckets)
    measuring = {field: getattr(setup.measuring, field) for field in setup.measuring.__struct_fields__}
    workers = [Worker(name, bench.recorder.model(name, "1.0"), **measuring) for name in "mn"]
    per_ms = {"us": 1000.0, "ms": 1.0, "s": 0.001, "min": 1 / 60_000}
    for value in VALUES_MS:
        for worker, unit in zip(workers, (first, "s"), strict=True):
            worker.metrics.add_metric(name, value * per_ms[unit], unit, None, [], MetricTypes.HISTOGRAM)
        bench.page()
    (series,) = bench.registry.find(metric_name(name)).series.values()
    factor = per_ms[first]
    expected = [2 * sum(value * factor <= bound * (1 + 1e-12) for value in VALUES_MS) for bound in series.bounds]
    assert list(series.cumulative) == [*expected, 2 * len(VALUES_MS)]
    assert series.bounds == (OWN_BOUNDS if name == "my took" else buckets_for(first))


@pytest.mark.parametrize("unit", ["ms", "s"])
def test_no_histograms_sum_becomes_infinite(bench, unit):
    """By a conversion, or as what two workers have is more than either: what is over is dropped and counted."""
    same = [SimpleNamespace(name="ModelName", value="same")]
    workers = [Worker(name, bench.recorder.model(name, "1.0")) for name in "mn"]
    for worker, of in zip(workers, ("ms", unit), strict=True):
        worker.metrics.add_metric("H", 1.5e308, of, None, same, MetricTypes.HISTOGRAM)
        bench.page()
    assert bench.page("H_sum") == ['H_sum{ModelName="same",Level="Model",Hostname="h",} 1.5e+308']
    assert dropped(bench.registry) == {("H", "value", "n"): 1.0}


@pytest.mark.parametrize("first", ["1.0", "2.0"])
def test_of_two_versions_writes_to_one_gauge_the_later_counts(bench, first):
    """Whichever is read first, and also where the earlier one is known only when its worker has ended."""
    workers = {
        version: Worker(version, bench.recorder.model("m", version), lambda at=float(version != first): at)
        for version in ("1.0", "2.0")
    }
    for version, worker in workers.items():
        worker.metrics.add_percent("G", float(version))
    assert bench.page("G") == [f"G{{{LABELS}}} {3.0 - float(first)}"]
    workers[first].metrics.add_percent("G", 9)
    workers[first].end()
    assert bench.page("G") == [f"G{{{LABELS}}} {3.0 - float(first)}"]


def _definition(bench):
    first = Worker("first", bench.model)
    other = Bench()
    Worker("w", other.model).metrics.add_metric("H", 1, "km", None, None, MetricTypes.HISTOGRAM)
    other.page()
    first.end()
    return other.registry.find("H").definition


def test_what_found_no_room_is_counted(bench, caplog):
    """As dropped, and said once; what was folded counts under its family."""
    worker = Worker("w", bench.model, series=1)
    made = worker.metrics.add_metric_to_cache("C", "count", ["user"])
    for user in "abc":
        made.add_or_update(1, [user])
    worker.metrics.add_counter("D", 1)
    assert bench.page("C") == ['C{user="a",Hostname="h",} 1.0', 'C{user="other",Hostname="h",} 2.0']
    assert dropped(bench.registry) == {("C", "series_budget", "m"): 2.0, ("other", "room", "m"): 1.0}
    assert "model m measures more than a worker has room for" in caplog.text


def test_memory_that_holds_something_else_is_left_alone(bench, caplog):
    """A handler that ran wild may have written there: no scrape fails of it, and the other workers' are read."""
    bad, good = Worker("bad", bench.model), Worker("good", bench.model)
    bad.metrics.add_percent("B", 1)
    good.metrics.add_counter("C", 1)
    assert bench.page("C")
    cells = memoryview(bad.memory).cast("d")
    cells[HEADER_CELLS:] = memoryview(bytes((len(cells) - HEADER_CELLS) * CELL)).cast("d")
    for cell in range(HEADER_CELLS, HEADER_CELLS + 30):
        cells[cell] = float("nan")
    good.metrics.add_counter("C", 1)
    assert bench.page("C") == [f"C{{{LABELS}}} 2.0"]
    assert "What bad measures cannot be read" in caplog.text
    bad.end()


def test_sources_come_and_go():
    """Nothing is kept of who has gone, nor asked of who never came."""
    measured = Measured()
    measured.attach("w", FoldedReader(private()))
    assert len(measured) == 1
    assert measured.detach("nobody") == measured.detach("w") == []
    assert len(measured) == 0


def test_a_scrape_lets_the_loop_run_while_it_reads_many_series(bench):
    """Some at a step, each write once, also where the worker writes and ends in between."""
    worker = Worker("w", bench.model, series=1000)
    made = worker.metrics.add_metric_to_cache("C", "count", ["n"])
    for number in range(3 * A_PART):
        made.add_or_update(1, [number])
    reading = bench.model.reading_measured()
    next(reading)
    assert len(bench.registry.find("C").series) < 3 * A_PART
    made.add_or_update(1, [0])
    worker.end()
    assert list(reading) != []
    (total,) = {sum(float(line.split()[-1]) for line in bench.page("C")) for _ in range(2)}
    assert total == 3 * A_PART + 1
