"""A real Prometheus scrapes a server under load, plainly and with native histograms, and answers queries about it."""

import math
import threading
import time

import pytest

from integration.net_server import NOOP, OBEY, obey, predict, serving
from integration.prometheus_server import needs_prometheus, prometheus, scraping

pytestmark = [pytest.mark.integration, needs_prometheus]

IDLE = 'model_name="noop"'
BUSY = 'model_name="obey",outcome="ok"'
DURATION = "servescope_request_duration_seconds"


@pytest.fixture(scope="module")
def busy(tmp_path_factory):
    """A server whose model obey is asked all the time: for answers that take 30 ms, and for errors."""
    with serving(tmp_path_factory.mktemp("busy") / "server", {}, {"noop": NOOP, "obey": OBEY}) as server:
        ended = threading.Event()

        def load():
            while not ended.is_set():
                obey(server, "time.sleep(0.03)\n['x']")
                obey(server, "undefined")
                predict(server, "/predictions/nobody")

        threads = [threading.Thread(target=load) for _ in range(2)]
        for thread in threads:
            thread.start()
        yield server
        ended.set()
        for thread in threads:
            thread.join()


def test_plainly(tmp_path, busy):
    """It takes OpenMetrics: rates, quantiles of classic buckets, exemplars, types and units."""
    began = time.time()
    with prometheus(tmp_path / "prometheus", scraping(busy.ports["metrics"]), "exemplar-storage") as server:
        server.wait_for('rate(servescope_requests_total{model_name="obey",code="200"}[2s]) > 0')
        server.wait_for('rate(servescope_requests_total{model_name="obey",code="503"}[2s]) > 0')
        buckets = f"{DURATION}_bucket{{{BUSY}}}"
        median = server.wait_for(f"histogram_quantile(0.5, sum by (le) (rate({buckets}[2s]))) > 0")
        assert 0.025 <= median <= 0.25
        assert server.target() == ("up", "")
        assert server.values(f'servescope_requests_total{{{IDLE},code="500"}}') == [0.0]
        assert server.values('ts_inference_requests_total{model_name="obey"}')
        assert server.values("Requests2XX")
        kinds = {name: entries[0] for name, entries in server.ask("metadata").items()}
        assert kinds[DURATION] | {"help": ""} == {"type": "histogram", "unit": "seconds", "help": ""}
        assert kinds["servescope_requests"]["type"] == "counter"
        assert kinds["Requests2XX"]["type"] == "unknown"
        query = {"start": str(began - 60), "end": str(time.time() + 60), "query": buckets}
        found = server.ask("query_exemplars", **query)
        labels = [set(each["labels"]) for series in found for each in series["exemplars"]]
        assert labels
        assert all(names in ({"request_id"}, {"trace_id"}) for names in labels)


def test_native_histograms(tmp_path, busy):
    """It takes protobuf: quantiles of native buckets, which are there, empty, for a model that nobody asked."""
    with prometheus(
        tmp_path / "prometheus", scraping(busy.ports["metrics"]), "native-histograms", "exemplar-storage"
    ) as server:
        rate = f"sum(rate({DURATION}{{{BUSY}}}[2s]))"
        median = server.wait_for(f"histogram_quantile(0.5, {rate}) > 0")
        assert 0.025 <= median <= 0.25
        # Of a native bucket: its bounds are a factor of 2**(1/32) apart.
        spread = server.wait_for(f"histogram_fraction({median / 1.05}, {median * 1.05}, {rate}) > 0")
        assert 0.0 < spread <= 1.0
        assert server.target() == ("up", "")
        assert server.values(f'histogram_count({DURATION}{{{IDLE},outcome="ok"}})') == [0.0]
        # Prometheus 2.42 keeps the native form alone.
        assert server.values(f"{DURATION}_bucket") == []
        assert server.values('ts_inference_requests_total{model_name="obey"}')
        assert server.values("Requests2XX")
        assert not any(map(math.isnan, server.values('servescope_requests_total{model_name="obey"}')))
        query = {"start": str(time.time() - 60), "end": str(time.time() + 60), "query": f"{DURATION}{{{BUSY}}}"}
        assert server.ask("query_exemplars", **query)
