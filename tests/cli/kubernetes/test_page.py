"""Sizes off a page of /metrics."""

import pytest

from servescope.cli.client.scrape import parse
from servescope.cli.kubernetes.page import cores, largest, load_p90, objectives, only_label

LOADS = "servescope_worker_load_seconds_bucket"


def loads(**counts):
    """A page; bounds with _ for a point."""
    return parse(
        "".join(f'{LOADS}{{le="{le.strip("b").replace("_", ".")}"}} {count}\n' for le, count in counts.items())
    )


def test_the_largest_value_counts():
    """Above zero; what is no number is none."""
    page = parse("a 1\na 3\na NaN\nb 0\n")
    assert [largest(page, name) for name in "abc"] == [3.0, None, None]


@pytest.mark.parametrize(
    ("page", "seconds"),
    [
        (loads(b1=0, b10=10, **{"b+Inf": 10}), 9.1),
        (loads(b1=10, b10=10, **{"b+Inf": 10}), 0.9),
        (loads(b1=0, b10=0, **{"b+Inf": 4}), 9.1),
        (loads(b1=0, b10=0, **{"b+Inf": 0}), None),
        (loads(), None),
        (loads(b1=5), None),
    ],
)
def test_load_times(page, seconds):
    """The 90th percentile; what took longer than the last bound is taken to be at it."""
    assert load_p90(page) == (seconds if seconds is None else pytest.approx(seconds))


def test_processors_of_busy_workers():
    """All together; unknown while they have hardly been busy, as their start would count for it."""
    text = 'servescope_worker_busy_seconds_total{worker="a"} 40\nservescope_worker_cpu_seconds_total{worker="a"} 60\n'
    assert cores(parse(text)) == 1.5
    assert cores(parse(text.replace("} 40", "} 2"))) is None
    assert cores(parse(text.replace("} 60", "} 0.04"))) == 0.1
    assert cores(parse(text + 'servescope_worker_polling_seconds_total{worker="a"} 20\n')) == 1.0
    assert cores([]) is None


def test_labels_and_objectives():
    """In words."""
    page = parse(
        'servescope_model_info{batch_size="8"} 1\n'
        'servescope_slo_target_ratio{slo="latency"} 0.99\nservescope_slo_threshold_seconds{slo="latency"} 0.25\n'
        'servescope_slo_target_ratio{slo="availability"} 0.999\n'
    )
    assert only_label(page, "servescope_model_info", "batch_size") == "8"
    assert only_label(page, "nosuch", "batch_size") is None
    assert objectives(page) == ("latency: 99 % within 250 ms", "availability: 99.9 %")
