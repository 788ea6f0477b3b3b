"""What is remembered of the server as a whole."""

from servescope.console.history.host import host_sample
from servescope.console.history.kept import REQUESTS
from servescope.metrics.registry import Registry
from servescope.metrics.snapshot import take

HTTP = "servescope_http_requests_total"


def test_predictions_of_what_is_not_there():
    """Those of workflows among them. What models answer with 404 is told apart, but for what workflows asked."""
    registry = Registry()
    ways = {
        ("inference", "POST", "/predictions/{model_name}", "404"): 5,
        ("inference", "POST", "/wfpredict/{workflow_name}", "404"): 2,
        ("inference", "POST", "/wfpredict/{workflow_name}", "200"): 10,
        ("inference", "GET", "/ping", "200"): 100,
        ("management", "GET", "/models/{model_name}", "404"): 100,
    }
    for way, count in ways.items():
        registry.counter(HTTP).labels(*way).value = count
    registry.counter(REQUESTS).labels("m", "1.0", "rest", "predict", "404").value = 3
    registry.counter(REQUESTS).labels("w__n", "1.0", "workflow", "predict", "404").value = 50
    counters = host_sample(take(registry, [HTTP, REQUESTS], 0.0)).counters
    assert [counters[name, ""] for name in ("predictions", "not_found", "own_not_found")] == [17, 7, 3]
