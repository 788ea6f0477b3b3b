"""A real Prometheus reads the bounds of a histogram off every format as the same labels, and so as the same series."""

import shutil
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler

import pytest

from http_server import Silent, answering
from integration.prometheus_server import prometheus, scraping
from servescope.metrics.definitions import Definition
from servescope.metrics.exposition import openmetrics, protobuf, text
from servescope.metrics.registry import Registry

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(shutil.which("prometheus") is None, reason="prometheus is not installed"),
]

BOUNDS = (-2.0, 0.00001, 0.0001, 0.25, 1.0, 999999.0, 1048576.0, 1e7, 12345678.0, 1e21, 1e100)
SPELT = [
    "-2.0", "1e-05", "0.0001", "0.25", "1.0", "999999.0", "1.048576e+06", "1e+07", "1.2345678e+07", "1e+21", "1e+100", "+Inf",
]  # fmt: skip


def page(kind, body):
    """The handler of a server that has this page alone."""

    class Page(Silent, BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(body)

    return Page


def test_bounds_are_the_same_series_in_every_format(tmp_path):
    """Text 0.0.4, OpenMetrics, protobuf."""
    registry = Registry((Definition("h", "histogram", "", (), "", "", BOUNDS),))
    # Without a native form, which Prometheus 2.42 would take in place of the classic one.
    registry.histogram("h").labels().preset(range(len(BOUNDS) + 1), 3.0)
    with ExitStack() as stack:
        ports = [
            stack.enter_context(answering(page(form.CONTENT_TYPE, b"".join(form.render(registry)))))
            for form in (text, openmetrics, protobuf)
        ]
        server = stack.enter_context(prometheus(tmp_path / "prometheus", scraping(*ports), "native-histograms"))
        server.wait_for(f"count(up == 1) == {len(ports)}")
        for port in ports:
            found = server.ask("query", query=f'h_bucket{{instance="127.0.0.1:{port}"}}')["result"]
            by_count = sorted(found, key=lambda series: float(series["value"][1]))
            assert [series["metric"]["le"] for series in by_count] == SPELT
