"""Samples read back from a /metrics page."""

import math

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Gauge, generate_latest

from servescope.cli.client.scrape import Sample, parse, total, values_of

PAGE = """\
# HELP Requests2XX Answers.
# TYPE Requests2XX counter
Requests2XX{Level="Host",Hostname="h",} 12.0
ts_inference_requests_total{model_name="a",model_version="default",hostname="h",} 3.0
ts_inference_requests_total{model_name="a",model_version="2.0",hostname="h",} 4.0
ts_inference_requests_total{model_name="b",model_version="default",hostname="h",} 5.0

bare 1e3 1700000000000
broken{ 1
"""


def test_torchserve_lines_with_their_trailing_comma_are_read():
    """The comma after the last label, which TorchServe writes, is no label."""
    assert parse(PAGE)[0] == Sample("Requests2XX", {"Level": "Host", "Hostname": "h"}, 12.0)


def test_a_timestamp_is_not_the_value():
    """`name value timestamp` gives the value."""
    assert total(parse(PAGE), "bare") == 1000.0


def test_lines_that_are_no_samples_are_passed_over():
    """A broken line costs itself only."""
    assert len(parse(PAGE)) == 5


def test_totals_sum_over_the_labels_that_were_not_asked_for():
    """A model's requests are those of all its versions; an absent family counts nothing."""
    samples = parse(PAGE)
    assert total(samples, "ts_inference_requests_total", model_name="a") == 7.0
    assert total(samples, "ts_inference_requests_total") == 12.0
    assert total(samples, "ts_inference_requests_total", model_name="c") == 0


def test_values_of_a_label_are_sorted_and_single():
    """Each model is named once."""
    assert values_of(parse(PAGE), "model_name") == ["a", "b"]


@given(text=st.text(alphabet=st.characters(exclude_categories=["Cs"])), value=st.floats())
def test_what_prometheus_client_writes_is_read_back(text, value):
    """Any label text and any value survive the page, escapes, newlines and NaN included."""
    registry = CollectorRegistry()
    Gauge("probe", "A probe.", ["label"], registry=registry).labels(text).set(value)
    (sample,) = parse(generate_latest(registry).decode())
    assert sample.labels == {"label": text}
    assert sample.value == value or (math.isnan(sample.value) and math.isnan(value))


@given(st.text())
def test_no_page_breaks_the_reader(page):
    """Whatever a server answers, reading it raises nothing."""
    assert all(isinstance(sample, Sample) for sample in parse(page))
