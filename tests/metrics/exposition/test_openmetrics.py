"""OpenMetrics 1.0: names, types, units, exemplars, and that a strict parser takes whatever handlers come up with."""

import logging
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from prometheus_client.utils import floatToGoString

from metrics.exposition.families import counted, registries, texts
from servescope.metrics.definitions import DEFINITIONS, Definition
from servescope.metrics.exposition.openmetrics import render
from servescope.metrics.exposition.openmetrics_lines import spell
from servescope.metrics.registry import Registry
from servescope.metrics.slices import SLICE_S


def text_of(registry, *names):
    return b"".join(render(registry, names)).decode()


def parsed(registry, *names):
    return list(text_string_to_metric_families(text_of(registry, *names)))


def one(kind, name="f", labels=(), unit="", buckets=(), text="help"):
    return Registry([Definition(name, kind, unit, labels, text, "", buckets)])


def lines_of(registry):
    return text_of(registry).splitlines()


def test_a_counter_that_ends_in_total():
    """The family is called without `_total`, the sample with it; no comma after the last label."""
    registry = one("counter", "f_seconds_total", ("a", "b"), "seconds")
    registry.counter("f_seconds_total").labels("x", "y").value = 2.5
    assert lines_of(registry) == [
        "# HELP f_seconds help",
        "# TYPE f_seconds counter",
        "# UNIT f_seconds seconds",
        'f_seconds_total{a="x",b="y"} 2.5',
        "# EOF",
    ]


@pytest.mark.parametrize("name", ["Requests2XX", "ts_queue_latency_microseconds", "_total"])
def test_other_counters_keep_their_names(name):
    """As `unknown`, TorchServe's among them."""
    registry = one("counter", name)
    registry.counter(name).labels().value = 1.0
    assert lines_of(registry)[1:] == [f"# TYPE {name} unknown", f"{name} 1.0", "# EOF"]


def test_all_definitions_parse():
    """Every family is declared; all histograms, and all counters of this project's own, are typed as such."""
    families = {family.name: family for family in parsed(Registry())}
    assert len(families) == len(DEFINITIONS)
    for definition in DEFINITIONS:
        if definition.kind == "counter" and definition.name.startswith("servescope_"):
            assert families[definition.name.removesuffix("_total")].type == "counter"
        elif definition.kind == "histogram":
            assert families[definition.name].type == "histogram"
    assert families["servescope_request_duration_seconds"].unit == "seconds"
    assert families["ts_inference_requests"].type == "counter"
    assert families["ts_inference_latency_microseconds"].type == "unknown"


def test_a_histogram():
    """Whole counts, canonical bounds, an exemplar on its bucket."""
    registry = one("histogram", labels=("a",), buckets=(0.5, 1048576.0))
    histogram = registry.histogram("f").labels("x")
    histogram.observe(0.25)
    histogram.observe_marked(0.75, ("trace_id", "abc", 1700000000.1234))
    assert lines_of(registry)[2:] == [
        'f_bucket{a="x",le="0.5"} 1',
        'f_bucket{a="x",le="1.048576e+06"} 2 # {trace_id="abc"} 0.75 1700000000.123',
        'f_bucket{a="x",le="+Inf"} 2',
        'f_count{a="x"} 2',
        'f_sum{a="x"} 1.0',
        "# EOF",
    ]


def test_series_with_bounds_of_their_own():
    """An objective's threshold is a bound of one model only."""
    registry = one("histogram", labels=("a",), buckets=(1.0,))
    registry.histogram("f").labels("x").observe(2.0)
    registry.histogram("f").labels("y", bounds=(1.0, 3.0)).observe(2.0)
    (family,) = parsed(registry)
    bounds = [(s.labels["a"], s.labels["le"], s.value) for s in family.samples if s.name == "f_bucket"]
    assert bounds == [("x", "1.0", 0), ("x", "+Inf", 1), ("y", "1.0", 0), ("y", "3.0", 1), ("y", "+Inf", 1)]


@pytest.mark.parametrize(
    ("label", "value", "shown"),
    [("trace_id", "0" * 32, True), ("request_id", "x" * 118, True), ("request_id", "x" * 119, False)]
    + [("request_id", text, False) for text in ('a"b', "a\\b", "a\nb", "a\0b")]
    + [("request_id", text, True) for text in ("a}b", "{", "# {", "", "é" * 118)],
)
def test_exemplars(label, value, shown):
    """Up to 128 characters with the label's name; ids that need escapes are left out."""
    registry = one("histogram", buckets=(1.0,))
    registry.histogram("f").labels().observe_marked(0.5, (label, value, 12.0))
    (family,) = parsed(registry)
    exemplar = family.samples[0].exemplar
    assert (exemplar is not None) is shown
    if shown:
        assert (exemplar.labels, exemplar.value, float(exemplar.timestamp)) == ({label: value}, 0.5, 12.0)


def test_help_escapes_quotes():
    """Unlike text format 0.0.4."""
    registry = one("gauge", text='a "b" \\ \n c')
    assert lines_of(registry)[0] == '# HELP f a \\"b\\" \\\\ \\n c'


def test_a_summary():
    """A count and a sum."""
    registry = one("summary", labels=("a",))
    registry.find("f").labels("x").observe(1.5)
    registry.find("f").labels("y").observe(-1.5)
    assert lines_of(registry)[1:] == [
        "# TYPE f summary", 'f_count{a="x"} 1', 'f_sum{a="x"} 1.5', 'f_count{a="y"} 1', "# EOF",
    ]  # fmt: skip


def test_what_counters_and_sums_may_not_be():
    """Negative or NaN; the samples are left out, and the series beside them stay."""
    registry = Registry([Definition("c_total", "counter", "", ("a",), "h"), Definition("h", "histogram", "", (), "h")])
    registry.counter("c_total").labels("x").value = 1.0
    registry.counter("c_total").read(lambda: math.nan, "y")
    registry.histogram("h").labels().observe(-1.0)
    counter, histogram = parsed(registry)
    assert [sample.labels for sample in counter.samples] == [{"a": "x"}]
    assert [sample.name for sample in histogram.samples] == ["h_bucket"]


def definition(name, kind):
    return Definition(name, kind, "", (), "h")


def test_a_counter_gives_way():
    """Beside a gauge of its name without `_total` it is `unknown`, whichever was first."""
    for order in (("f", "f_total"), ("f_total", "f")):
        registry = Registry([definition(name, "counter" if name == "f_total" else "gauge") for name in order])
        for name in order:
            registry.find(name).labels().value = 1.0
        found = {family.name: (family.type, len(family.samples)) for family in parsed(registry)}
        assert found == {"f": ("gauge", 1), "f_total": ("unknown", 1)}


def test_a_clash_without_a_way_out(caplog):
    """The later family is left out, and a warning says so once; text format 0.0.4 still has it."""
    registry = Registry([definition("f", "histogram"), definition("f_created", "gauge")])
    with caplog.at_level(logging.WARNING):
        assert [family.name for family in parsed(registry)] == ["f"]
        parsed(registry)
    assert [record.getMessage().split(" ")[1] for record in caplog.records] == ["f_created"]


def test_names():
    """`name[]` chooses families by their samples' names; a histogram comes whole, an unused family not at all."""
    registry = Registry([definition("f_total", "counter"), definition("h", "histogram"), definition("g", "gauge")])
    registry.find("f_total").labels().value = 1.0
    registry.find("h").labels()
    assert [family.name for family in parsed(registry, "f_total", "g")] == ["f"]
    assert [sample.name for sample in parsed(registry, "h_sum")[0].samples] == ["h_bucket", "h_count", "h_sum"]
    assert text_of(registry, "h") == "# EOF\n"


@given(st.floats(min_value=0.0) | st.floats(1e5, 1e17))
def test_canonical_floats(number):
    """Spelt as Go does, and still the same number."""
    assert spell(number) == floatToGoString(number)
    assert float(spell(number)) == number
    assert float(spell(-number)) == -number
    assert spell(-number or 0.0).lstrip("-") == floatToGoString(number).lstrip("+")


@settings(deadline=None, max_examples=50)
@given(registries())
def test_whatever_handlers_choose_parses(drawn):
    """No name, label value, help text or float breaks the page, or loses a series that may be shown."""
    registry, held = drawn
    shown = {}  # values by sample name and labels
    for family in parsed(registry):
        for sample in family.samples:
            shown[sample.name, frozenset(sample.labels.items())] = sample.value
    names = {name for name, _ in shown}
    for definition, values, numbers in held:
        labels = dict(zip(definition.labels, values, strict=True))
        if definition.kind == "gauge" and definition.name in names:
            wanted = numbers[-1] if numbers else 0.0
            got = shown[definition.name, frozenset(labels.items())]
            assert got == wanted or (math.isnan(got) and math.isnan(wanted))
        if definition.kind == "histogram" and f"{definition.name}_bucket" in names:
            last = frozenset((labels | {"le": "+Inf"}).items())
            assert shown[f"{definition.name}_bucket", last] == len(counted(numbers))


@settings(deadline=None)
@given(st.lists(texts, min_size=1, max_size=4, unique=True), texts)
def test_label_values_survive(values, text):
    """As they were given, whatever they contain."""
    registry = one("gauge", labels=("a",), text=text)
    for value in values:
        registry.gauge("f").labels(value).value = 1.0
    (family,) = parsed(registry)
    assert [sample.labels["a"] for sample in family.samples] == values
    assert family.documentation == text.lstrip(" ")  # the parser takes any number of spaces for one


def test_slices():
    """By the clock: each slice ends with the piece in which its time ran out; together they are the page."""
    registry = one("counter", "f_total", ("a",))
    for number in range(1000):
        registry.counter("f_total").labels(str(number))
    time = iter(range(10**9))
    slices = list(render(registry, clock=lambda: 2.0 * SLICE_S * next(time)))
    assert max(piece.count(b"\n") for piece in slices) <= 101
    assert b"".join(slices).decode() == text_of(registry)
