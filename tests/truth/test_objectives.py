"""Objectives: good and all requests are exactly those of the clients' books."""

import pytest

from truth.client import Ask, load
from truth.comparison import DURATION, assert_same_counts, at_rest
from truth.conftest import amount

pytestmark = pytest.mark.integration

CONFIG = """
minWorkers: 1
maxWorkers: 1
slo: {latency_ms: 70, latency_target: 90, availability_target: 99.9}
"""
# Clearly within the 70 ms, clearly beyond, and errors of either side.
FAST, SLOW, SPOILT, FAILED = b"sleep 0.05", b"sleep 0.08", b"code 404", b"raise x"


def test_slo_counters(truth_server, model_of, drawn):
    """One client at a time: availability is about all but 4xx, latency about the answers without an error."""
    model = model_of(CONFIG)
    bodies = [FAST] * amount(30) + [SLOW] * amount(8) + [SPOILT] * amount(6) + [FAILED] * amount(5)
    drawn.shuffle(bodies)
    books = load(truth_server.ports["inference"], [Ask(model.path, body) for body in bodies])
    now = at_rest(truth_server, model)
    assert_same_counts(now, model, books)
    answered = books.latencies()
    good = sum(seconds <= 0.07 for seconds in answered)
    own = {
        "servescope_slo_requests_total": {"availability": len(bodies) - amount(6), "latency": len(answered)},
        "servescope_slo_good_total": {"availability": len(bodies) - amount(6) - amount(5), "latency": good},
    }
    for family, counts in own.items():
        assert now.by("slo", family, model_name=model.name) == counts, family
    assert now.by("slo", "servescope_slo_target_ratio", model_name=model.name) == {
        "availability": 0.999,
        "latency": 0.9,
    }
    # The threshold is an exact bucket bound, so that the histogram and the counter tell the same.
    assert now.value(f"{DURATION}_bucket", model_name=model.name, outcome="ok", le="0.07") == good
