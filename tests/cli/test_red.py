"""Rates, means and errors between two readings."""

from servescope.cli.red import LATENCY, QUEUE, REQUESTS, red_rows
from servescope.cli.scrape import Sample


def reading(requests, latency_us, queue_us, failed=0, model="digits"):
    labels = {"model_name": model, "model_version": "default"}
    return [
        Sample(REQUESTS, labels, requests),
        Sample(LATENCY, labels, latency_us),
        Sample(QUEUE, labels, queue_us),
        Sample("Requests5XX", {"Level": "Host"}, failed),
    ]


def test_rates_and_means_are_of_the_time_between():
    """What was counted before the first reading does not weigh on the second."""
    (row,) = red_rows(reading(100, 9e9, 9e9), reading(300, 9e9 + 400_000, 9e9 + 100_000, failed=3), elapsed_s=4.0)
    assert (row.model, row.requests, row.rate, row.errors) == ("digits", 200, 50.0, 3)
    assert row.mean_ms == 2.0
    assert row.queue_ms == 0.5


def test_a_model_without_requests_has_no_means():
    """No request, no mean: neither a division by zero nor a zero that looks measured."""
    (row,) = red_rows(reading(7, 1, 1), reading(7, 1, 1), elapsed_s=1.0)
    assert row.rate == 0
    assert row.mean_ms is None
    assert row.queue_ms is None


def test_a_model_that_came_between_the_readings_starts_from_zero():
    """A series absent from the first reading counts from nothing."""
    rows = red_rows(reading(1, 1, 1), reading(1, 1, 1) + reading(10, 10_000, 0, model="new"), elapsed_s=5.0)
    assert [(row.model, row.rate) for row in rows] == [("digits", 0.0), ("new", 2.0)]
