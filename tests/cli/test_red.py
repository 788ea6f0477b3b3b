"""Rates, errors, quantiles and queue times between two readings."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.cli.client.scrape import Sample, parse
from servescope.cli.red import DURATION_BUCKETS, REQUESTS, STAGE, quantile, red_rows
from servescope.metrics.definitions import BY_NAME
from servescope.metrics.exposition.text import render
from servescope.metrics.registry import Registry


def reading(ok, failed=0, spoilt=0, buckets=(0, 0, 0), queue=(0.0, 0), model="digits", version="1.0"):
    """A page's samples: requests by code, cumulative durations up to 1 ms, 10 ms and +Inf, (seconds, requests) queued."""
    labels = {"model_name": model, "model_version": version}
    codes = {"200": ok, "400": spoilt, "503": failed}
    return [
        *(Sample(REQUESTS, {**labels, "code": code}, value) for code, value in codes.items()),
        *(
            Sample(DURATION_BUCKETS, {**labels, "outcome": "ok", "le": le}, value)
            for le, value in zip(("0.001", "0.01", "+Inf"), buckets, strict=True)
        ),
        Sample(f"{STAGE}_sum", {**labels, "stage": "queue"}, queue[0]),
        Sample(f"{STAGE}_count", {**labels, "stage": "queue"}, queue[1]),
        Sample(f"{STAGE}_sum", {**labels, "stage": "handler"}, 7e9),
        Sample(f"{STAGE}_count", {**labels, "stage": "handler"}, 1),
    ]


def test_all_is_of_the_time_between():
    """What was counted before the first reading does not weigh on the second."""
    before = reading(100, failed=9, buckets=(5, 109, 109), queue=(50.0, 109))
    after = reading(280, failed=29, spoilt=4, buckets=(105, 309, 313), queue=(50.408, 313))
    (row,) = red_rows(before, after, elapsed_s=4.0)
    assert (row.model, row.requests, row.rate, row.errors) == ("digits", 204, 51.0, 20)
    assert row.p50_ms == pytest.approx(1 + 9 * 2 / 100)
    assert row.p99_ms == 10.0
    assert row.queue_ms == pytest.approx(2.0)


def test_a_model_without_requests_has_no_durations():
    """No request, no quantile: neither a division by zero nor a zero that looks measured."""
    before = reading(7, buckets=(7, 7, 7), queue=(1, 7))
    (row,) = red_rows(before, before, elapsed_s=1.0)
    assert row.rate == 0
    assert row.p50_ms is row.p99_ms is row.queue_ms is None


def test_a_model_that_came_between_the_readings_starts_from_zero():
    """A series absent from the first reading counts from nothing."""
    new = reading(10, buckets=(10, 10, 10), model="new")
    rows = red_rows(reading(1), reading(1) + new, elapsed_s=5.0)
    assert [(row.model, row.rate, row.p50_ms) for row in rows] == [("digits", 0.0, None), ("new", 2.0, 0.5)]


def test_versions_are_one_model():
    """Also where a version has bounds of its own."""
    own = [
        Sample(DURATION_BUCKETS, {"model_name": "digits", "model_version": "2.0", "le": le}, 4)
        for le in ("0.005", "+Inf")
    ]
    (row,) = red_rows([], reading(4, buckets=(4, 4, 4)) + reading(4, version="2.0") + own, elapsed_s=1.0)
    assert row.requests == 8
    assert row.p50_ms == pytest.approx(1.0)
    assert row.p99_ms == pytest.approx(1 + 4 * 0.98)


@pytest.mark.parametrize(
    ("share", "counts", "value"),
    [
        (0.5, {}, None),
        (0.5, {1.0: 0, float("inf"): 0}, None),
        (0.5, {1.0: 0, 2.0: 10, float("inf"): 0}, 1.5),
        (0.9, {1.0: 9, 2.0: 1}, 1.0),
        (0.99, {1.0: 1, 2.0: 0, float("inf"): 99}, 2.0),
        (0.5, {float("inf"): 3}, 0.0),
        (1.0, {1.0: 1, 2.0: 0, float("inf"): 0}, 1.0),
    ],
)
def test_quantile(share, counts, value):
    """As PromQL's histogram_quantile says for the same buckets."""
    assert quantile(share, counts) == value


@given(st.lists(st.floats(1e-4, 100), min_size=1), st.sampled_from([0.0, 0.5, 0.9, 0.99, 1.0]))
def test_a_quantile_is_in_the_bucket_of_the_true_one(values, share):
    """Between the bounds around the observation of that rank, of durations that a server would see."""
    bounds = (0.001, 0.01, 0.1, 1.0, 10.0, 100.0)
    counts = {
        bound: sum(low < value <= bound for value in values) for low, bound in zip((0.0, *bounds), bounds, strict=False)
    }
    true = sorted(values)[max(0, math.ceil(share * len(values)) - 1)]
    found = quantile(share, counts)
    bound = min(bound for bound in bounds if true <= bound)
    assert max((low for low in bounds if low < true), default=0.0) <= found * (1 + 1e-9)
    assert found <= bound * (1 + 1e-9)


def test_the_names_and_labels_are_the_servers():
    """A page that the server renders is read: what it declares is what is looked for."""
    registry = Registry()
    labels = {"model_name": "digits", "model_version": "1.0", "transport": "rest", "route": "predict", "code": "500"}
    registry.counter(REQUESTS).labels(*(labels[name] for name in BY_NAME[REQUESTS].labels)).value = 2.0
    registry.histogram("servescope_request_duration_seconds").labels("digits", "1.0", "server_error").observe(0.02)
    registry.histogram(STAGE).labels("digits", "1.0", "queue").observe(0.5)
    (row,) = red_rows([], parse(b"".join(render(registry)).decode()), elapsed_s=1.0)
    assert (row.requests, row.errors, row.queue_ms) == (2.0, 2.0, 500.0)
    assert 10 < row.p50_ms < 25
