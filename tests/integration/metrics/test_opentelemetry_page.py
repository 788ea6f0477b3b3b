"""docs/opentelemetry.md, as it stands, as far as there is something to run it with."""

import re
import shlex
from datetime import datetime
from pathlib import Path

import pytest
import yaml

from integration.net_server import NOOP, json_lines, log, predict, serving
from integration.prometheus_server import needs_prometheus, prometheus
from integration.server import wait_until
from tracing.collector import collecting

pytestmark = pytest.mark.integration

TEXT = (Path(__file__).parents[3] / "docs" / "opentelemetry.md").read_text("utf-8")


def block(language):
    return re.search(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)[1]


def test_traces_with_a_token(tmp_path):
    """The setting and the variables: the collector gets the token, and the resource says who sends."""
    environ = dict(word.split("=", 1) for word in shlex.split(block("sh")) if word != "export")
    with collecting() as collector:
        key, url = block("properties").strip().split("=", 1)
        settings = {key: url.replace("http://localhost:4318", collector.base)}
        environ["OTEL_BSP_SCHEDULE_DELAY"] = "20"
        with serving(tmp_path / "server", settings, {"noop": NOOP}, environ) as server:
            predict(server, "/predictions/noop", x_request_id="one")
            span, _ = collector.trace_of("one")
        assert collector.headers[0]["authorization"] == "Bearer SECRET"
        expected = {
            "service.name": "recommendations",
            "service.version": "7",
            "deployment.environment.name": "production",
        }
        assert span.resource.items() >= expected.items()


@needs_prometheus
def test_the_scrape_configuration(tmp_path):
    """Prometheus takes it, and has the requests."""
    receivers = yaml.safe_load(block("yaml"))["receivers"]
    with serving(tmp_path / "server", {}, {"noop": NOOP}) as server:
        predict(server, "/predictions/noop")
        text = yaml.safe_dump(receivers["prometheus"]["config"]).replace(
            "localhost:8082", f"127.0.0.1:{server.ports['metrics']}"
        )
        text = text.replace("15s", "1s")
        with prometheus(tmp_path / "prometheus", {"prometheus.yml": text}) as told:
            query = 'servescope_requests_total{model_name="noop",code="200"}'
            wait_until(lambda: [one["value"][1] for one in told.series(query)] == ["1"], "the request")


def test_the_lines_are_what_the_parser_wants(tmp_path):
    """Each of the three files: JSON, a time of that layout, a level by a name that is known."""
    filelog = yaml.safe_load(block("yaml"))["receivers"]["filelog"]
    (parser,) = filelog["operators"]
    assert parser["timestamp"]["layout"] == "2006-01-02T15:04:05.000Z07:00"
    code = "import logging\n\ndef handle(data, context):\n    logging.getLogger('h').error('x')\n    return data and ['x']\n"
    with serving(tmp_path / "server", {"log_format": "json", "ts_log_includes": "none"}, {"says": code}) as server:
        predict(server, "/predictions/says")
        for path in filelog["include"]:
            name = Path(path).name
            wait_until(lambda name=name: log(server, name), name)
            for line in json_lines(log(server, name)):
                assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["time"])
                assert datetime.fromisoformat(line["time"]).tzinfo is not None
                assert line["level"] in {"DEBUG", "INFO", "WARN", "ERROR", "FATAL"}
        assert "ACCESS_LOG" not in log(server, "ts_log.log")
