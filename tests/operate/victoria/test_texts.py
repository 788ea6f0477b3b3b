"""What vmalert tells people: the templates that Prometheus renders, with the same words where a label is lacking."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import yaml

from integration.server import wait_until
from operate.promtool import alerting_rules, series
from operate.victoria.processes import needs_victoria, victoria, vmalert

pytestmark = [pytest.mark.integration, needs_victoria]

NAME = '<b>"{{ $value }}" {{ template "x" }}</b>'
LABELS = {"job": "servescope", "model_name": NAME, "model_version": "1.0"}


@pytest.fixture
def inbox():
    """An Alertmanager's address, and the alerts that it was sent."""
    told = []

    class Alertmanager(BaseHTTPRequestHandler):
        def do_POST(self):
            told.extend(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Alertmanager)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}", told
    server.shutdown()
    server.server_close()


def test_no_instance(tmp_path, inbox):
    """Relabelling took `instance` away: the link leads to a server still. A name is told as it is, whatever stands in it."""
    url, told = inbox
    (rule,) = (rule for rule in alerting_rules(bare=False) if rule["alert"] == "ServescopeModelNotReady")
    group = {"name": "one", "interval": "1s", "rules": [{**rule, "for": "0s"}]}
    now_ms = round(time.time() * 1000)
    values = {
        series("servescope_workers", {**LABELS, "state": "ready"}): 0,
        series("servescope_workers_min", LABELS): 1,
    }
    with victoria(tmp_path) as storage:
        storage.put([f"{name} {value} {now_ms}" for name, value in values.items()])
        with vmalert(
            tmp_path / "vmalert", storage, {"one.yml": yaml.safe_dump({"groups": [group]})}, f"-notifier.url={url}"
        ):
            wait_until(lambda: told, "an alert")
    annotations = told[0]["annotations"]
    assert annotations["runbook_url"] == "http://127.0.0.1:8082/runbook#servescopemodelnotready"
    assert annotations["summary"] == f"{NAME} 1.0 on a server has no worker that can work"
