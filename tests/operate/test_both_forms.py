"""What reads histograms, in a real Prometheus that keeps the one form and then the other: each recording has data, the same
within a bucket's width, and the alert on a slow model is pending for the slow model alone. It stands here since promtool
2.42 takes no native histograms in its tests.
"""

import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler

import pytest

from http_server import Silent, answering
from integration.prometheus_server import needs_prometheus, prometheus
from operate.hurried import FEATURES, hurried
from servescope.metrics.exposition.negotiation import choose
from servescope.metrics.registry import Registry
from servescope.operate.promql import FORMS
from servescope.operate.recordings import all_recordings

pytestmark = [pytest.mark.integration, needs_prometheus]

# What reads histograms: percentiles, times in stages, and in the classic form the buckets' rates.
READ_HISTOGRAMS = {
    form: sorted(
        name
        for name in all_recordings(form)
        if re.search(r"p\d+_5m$|:p90$|normal10m$|busy5m$|seconds(_ok)?:rate5m$", name)
    )
    for form in FORMS
}


class Server:
    """Families of this project's own registry, which grow with every scrape."""

    def __init__(self):
        self.registry = Registry()
        self.lock = threading.Lock()
        for model, slow in (("slow", 0.4), ("in time", 0.2)):
            labels = (model, "1.0")
            self.registry.gauge("servescope_slo_threshold_seconds").labels(*labels, "latency").value = 0.25
            self.registry.gauge("servescope_slo_target_ratio").labels(*labels, "latency").value = 0.99
            self.add(labels, slow)

    def add(self, labels, slow):
        """A hundred answers, two of them slow."""
        histogram = self.registry.histogram
        self.registry.counter("servescope_requests_total").labels(*labels, "rest", "predict", "200").value += 100
        for seconds in (*[0.2] * 98, slow, slow):
            histogram("servescope_request_duration_seconds").labels(*labels, "ok").observe(seconds)
            histogram("servescope_request_stage_seconds").labels(*labels, "inference").observe(seconds)
            histogram("servescope_llm_time_to_first_token_seconds").labels(*labels).observe(seconds)
            histogram("servescope_worker_load_seconds").labels(*labels).observe(seconds)
            histogram("servescope_llm_inter_token_seconds").labels(*labels).observe(seconds)
            histogram("servescope_event_loop_lag_seconds").labels().observe(seconds)

    def page(self, accept):
        with self.lock:
            for model, slow in (("slow", 0.4), ("in time", 0.2)):
                self.add((model, "1.0"), slow)
            chosen = choose(accept)
            return chosen.content_type, b"".join(chosen.render(self.registry))


@contextmanager
def served():
    """The address of a `Server`."""
    source = Server()

    class Handler(Silent, BaseHTTPRequestHandler):
        def do_GET(self):
            kind, body = source.page(self.headers["Accept"])
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with answering(Handler) as port:
        yield f"127.0.0.1:{port}"


@pytest.mark.parametrize("form", FORMS)
def test_recordings_and_the_alert(tmp_path, form):
    """Percentiles within the bucket that they lie in: 2.2 % wide in the native form."""
    with served() as target, prometheus(tmp_path, hurried(target, form), *FEATURES[form]) as server:
        pending = 'ALERTS{alertname="ServescopeSlow",alertstate="pending"}'
        server.wait_for(pending)
        p99 = server.wait_for('model:servescope_request_duration_seconds:p99_5m{model_name="slow"}')
        low, high = (0.25, 0.5) if form == "classic" else (0.39, 0.41)
        assert low < p99 <= high
        for name in READ_HISTOGRAMS[form]:
            assert server.wait_for(f"max({name} >= 0) > 0", name)
        others = f'{pending[:-1]},model_name!="slow"}}'
        assert server.wait_for(pending)
        assert server.values(others) == []


def test_what_reads_histograms():
    """The lists above have what they should: all that differs between the forms, and no recorded native histogram."""
    classic, native = (all_recordings(form) for form in FORMS)
    differ = {name for name in classic if name not in native or native[name].expression != classic[name].expression}
    assert set(READ_HISTOGRAMS["classic"]) == differ
    assert set(READ_HISTOGRAMS["native"]) == {name for name in differ if not name.endswith(":rate5m")}
    assert len(differ) == 14
