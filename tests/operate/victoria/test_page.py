"""docs/victoriametrics.md, as it stands: its scrape configuration, by VictoriaMetrics itself."""

import re
from pathlib import Path

import pytest
import yaml

from certificates import loopback_pair
from integration.net_server import NOOP, predict, serving
from integration.server import addresses, own_ports, wait_until
from operate.victoria.processes import needs_victoria, victoria

pytestmark = [pytest.mark.integration, needs_victoria]

PAGE = Path(__file__).parents[3] / "docs" / "victoriametrics.md"


def scrape_configuration(port):
    """The page's first block, of a server at this port and in a hurry."""
    block = re.search(r"```yaml\n(scrape_configs:.*?)```", PAGE.read_text("utf-8"), re.DOTALL)[1]
    configuration = yaml.safe_load(block.replace("127.0.0.1:8082", f"127.0.0.1:{port}"))
    configuration["scrape_configs"][0]["scrape_interval"] = "1s"
    return configuration


def counted(folder, configuration):
    """Wait until VictoriaMetrics has three requests of the model, and a percentile of them."""
    (folder / "scrape.yml").write_text(yaml.safe_dump(configuration))
    with victoria(folder, f"-promscrape.config={folder / 'scrape.yml'}") as storage:

        def value(query):
            return [float(one["value"][1]) for one in storage.query(query)]

        wait_until(
            lambda: value('sum(servescope_requests_total{model_name="noop",code="200"})') == [3.0], "the requests"
        )
        buckets = 'sum(servescope_request_duration_seconds_bucket{model_name="noop"}) by (le)'
        (percentile,) = wait_until(lambda: value(f"histogram_quantile(0.5, {buckets})"), "a percentile")
        assert percentile > 0


def test_scraping(tmp_path):
    """As on the page."""
    with serving(tmp_path / "server", {}, {"noop": NOOP}) as server:
        for _ in range(3):
            predict(server, "/predictions/noop")
        counted(tmp_path, scrape_configuration(server.ports["metrics"]))


def test_scraping_with_tls(tmp_path):
    """With what the page says to add."""
    certificate, key = loopback_pair(tmp_path)
    ports = own_ports()
    settings = {"certificate_file": str(certificate), "private_key_file": str(key)}
    settings["metrics_address"] = addresses(ports, "https")["metrics_address"]
    with serving(tmp_path / "server", settings, {"noop": NOOP}) as server:
        for _ in range(3):
            predict(server, "/predictions/noop")
        text = PAGE.read_text("utf-8").replace("/etc/servescope/certificate.pem", str(certificate))
        scheme, tls = re.search(r"add `(scheme: https)` and, .*? `(tls_config: .*?)`", text).groups()
        configuration = scrape_configuration(ports["metrics"])
        configuration["scrape_configs"][0] |= yaml.safe_load(scheme) | yaml.safe_load(tls)
        counted(tmp_path, configuration)


def test_discovery(tmp_path):
    """By the server itself."""
    with serving(tmp_path / "server", {}, {"noop": NOOP}) as server:
        for _ in range(3):
            predict(server, "/predictions/noop")
        (found,) = re.findall(r"`(http_sd_configs: .*?)`", PAGE.read_text("utf-8"))
        configuration = scrape_configuration(server.ports["metrics"])
        (job,) = configuration["scrape_configs"]
        del job["static_configs"]
        job |= yaml.safe_load(found.replace("127.0.0.1:8082", f"127.0.0.1:{server.ports['metrics']}"))
        counted(tmp_path, configuration)
