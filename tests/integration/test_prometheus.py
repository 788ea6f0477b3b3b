"""A real Prometheus scrapes a running server and answers queries about it."""

import shutil
import subprocess

import httpx
import pytest

from integration.net_server import NOOP, predict, serving
from integration.server import PATIENCE_S, free_ports, wait_until

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(shutil.which("prometheus") is None, reason="prometheus is not installed"),
]

CONFIGURATION = """
global: {scrape_interval: 250ms, scrape_timeout: 200ms}
scrape_configs:
  - job_name: servescope
    static_configs: [{targets: ['TARGET']}]
"""


@pytest.fixture
def prometheus(tmp_path):
    """Start one that scrapes a target; returns a function that asks it for a query's values."""
    processes = []

    def start(target):
        (tmp_path / "prometheus.yml").write_text(CONFIGURATION.replace("TARGET", target))
        (port,) = free_ports(1)
        address = f"127.0.0.1:{port}"
        with (tmp_path / "prometheus.log").open("wb") as output:
            words = [
                "prometheus",
                f"--config.file={tmp_path / 'prometheus.yml'}",
                f"--storage.tsdb.path={tmp_path / 'tsdb'}",
            ]
            words.append(f"--web.listen-address={address}")
            processes.append(subprocess.Popen(words, stdout=output, stderr=subprocess.STDOUT))

        def ask(path, **query):
            try:
                return httpx.get(f"http://{address}/api/v1/{path}", params=query).json()["data"]
            except httpx.ConnectError:
                return None  # it is not up yet

        return ask

    yield start
    for process in processes:
        process.terminate()
        process.wait(PATIENCE_S)


def test_prometheus_reads_it(tmp_path, prometheus):
    """The target is up without a scrape error, and three requests are three."""
    with serving(tmp_path / "server", {"disable_system_metrics": "false"}, {"noop": NOOP}) as server:
        ask = prometheus(f"127.0.0.1:{server.ports['metrics']}")
        for _ in range(3):
            assert predict(server, "/predictions/noop", b"x").text == "ok"

        def requests():
            found = ask("query", query='sum(ts_inference_requests_total{model_name="noop",model_version="default"})')
            return found and [sample["value"][1] for sample in found["result"]] == ["3"]

        wait_until(requests, "Prometheus to know of three requests")
        (target,) = ask("targets")["activeTargets"]
        assert (target["health"], target["lastError"]) == ("up", "")
        metadata = ask("metadata", metric="ts_inference_requests_total")["ts_inference_requests_total"]
        assert [entry["type"] for entry in metadata] == ["counter"]
        assert ask("query", query="MemoryUsed")["result"]
