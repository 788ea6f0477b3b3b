"""What the console says of a live server: its documents against /metrics, its events, and its way of ending."""

import json

import httpx
import pytest

from integration.server import pack, wait_until

pytestmark = pytest.mark.integration

FAILING = """
def handle(data, context):
    if data is None:
        return None
    if b"boom" in data[0].get("body", b""):
        raise ValueError("<script>alert(1)</script>")
    return ["ok"] * len(data)
"""


def document(server, path="overview", expect=200, **headers):
    answer = server.http.get(server.url("metrics", f"/console/api/{path}"), headers=headers)
    assert answer.status_code == expect, answer.text
    return answer.json()


def card_of(server, name):
    return next(card for card in document(server)["models"] if card["name"] == name)


def test_counts(server, deploy):
    """What it says of a model is what a scrape says, to the last request."""
    model = deploy(FAILING)
    for body in ["a"] * 7 + ["boom"] * 3:
        model.predict(body)
    counts = wait_until(lambda: (found := card_of(server, model.name)["counts"])["requests_total"] == 10 and found)
    labels = {"model_name": model.name}
    for code, number in counts["by_code"].items():
        assert server.metrics("servescope_requests_total", code=code, **labels) == number
    assert counts["by_code"] == {"200": 7, "503": 3}
    ok = labels | {"outcome": "ok"}
    assert server.metrics("servescope_request_duration_seconds_count", **ok) == counts["duration_count"] == 7
    assert server.metrics("servescope_request_duration_seconds_sum", **ok) == counts["duration_sum"]


def test_model(server, deploy):
    """A model's page has its workers as they are, and its history its requests once the step is over."""
    model = deploy(FAILING, config="slo:\n  latency_ms: 200\n  latency_target: 99\n")
    for _ in range(20):
        model.predict("a")
    page = document(server, f"models/{model.name}")
    (worker,) = page["worker_list"]
    assert worker["pid"] == model.pids()[0]
    assert worker["state"] in ("ready", "busy")
    assert page["state"] == "ready"
    assert {each["slo"] for each in page["objectives"]} == {"latency"}
    assert page["workers"]["wanted"] == page["workers"]["min"] == 1
    wait_until(lambda: any(document(server, f"models/{model.name}/history")["rate"]))
    past = document(server, f"models/{model.name}/history?points=100000", expect=400)
    assert "points" in past["message"]
    heat = document(server, f"models/{model.name}/heatmap")
    assert sum(sum(column) for column in heat["counts"] if column) == 20
    assert all(len(column) == len(heat["bounds"]) + 1 for column in heat["counts"] if column)
    assert document(server, f"models/{model.name}")["p99"] > 0


def test_events(server, deploy):
    """The first event comes at once, and is the overview."""
    model = deploy(FAILING)
    with httpx.stream("GET", server.url("metrics", "/console/api/events"), timeout=30) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = answer.iter_lines()
        assert next(lines) == "retry: 3000"
        data = next(line for line in lines if line.startswith("data: "))
        told = json.loads(data.removeprefix("data: "))
        assert model.name in [card["name"] for card in told["models"]]
        assert told["streams"]["open"] >= 1
        second = next(line for line in lines if line.startswith("data: "))
        assert json.loads(second.removeprefix("data: "))["at"] > told["at"]


def test_many_pages(launch):
    """As many pages as there may be are served, and the next one is told so; who leaves makes room."""
    server = launch()
    url = server.url("metrics", "/console/api/events")
    with httpx.Client(limits=httpx.Limits(max_connections=None), timeout=30) as client:
        pages = [client.send(client.build_request("GET", url), stream=True) for _ in range(100)]
        assert {page.status_code for page in pages} == {200}
        refused = client.get(url)
        assert refused.status_code == 503
        assert "100 pages" in refused.json()["message"]
        assert refused.headers["retry-after"]
        pages.pop().close()
        wait_until(lambda: document(server)["streams"]["open"] == 99)
        for page in pages:
            page.close()


def test_end(launch):
    """An open page does not keep a server from ending: it is told, and the stream is over."""
    server = launch()
    with httpx.stream("GET", server.url("metrics", "/console/api/events"), timeout=30) as answer:
        lines = answer.iter_lines()
        assert next(lines) == "retry: 3000"
        server.process.terminate()
        assert "event: bye" in list(lines)
    assert server.process.wait(15) == 0


@pytest.mark.parametrize("mode", ["log", "legacy"])
def test_a_mode_that_shows_less(launch, mode):
    """What scrapes leave out is measured all the same, so the console has its numbers, and says what is wrong."""
    server = launch(metrics_mode=mode)
    archive = pack(server.store / "unshown.mar", "unshown", FAILING)
    assert server.register(archive).status_code == 200
    for body in [b"a"] * 10 + [b"boom"] * 20:
        server.http.post(server.url("inference", "/predictions/unshown"), content=body)
    counts = wait_until(lambda: (found := card_of(server, "unshown")["counts"])["requests_total"] == 30 and found)
    assert counts["by_code"] == {"200": 10, "503": 20}
    found = wait_until(lambda: [one["name"] for one in document(server)["findings"]])
    assert "ServescopeManyErrors" in found


def test_off(launch):
    """enable_console=false: there is nothing under /console, and /metrics is there."""
    server = launch(enable_console="false")
    assert server.http.get(server.url("metrics", "/console")).status_code == 404
    assert server.http.get(server.url("metrics", "/metrics")).status_code == 200


SLEEPING = """
import time

def handle(data, context):
    if data is None:
        return None
    time.sleep(0.05)
    return ["ok"] * len(data)
"""


def test_findings(server, deploy):
    """A model that breaks its promise is named before an alert would fire: in words, with its place and its runbook's section."""
    model = deploy(SLEEPING, config="slo:\n  latency_ms: 10\n  latency_target: 99\n")
    for _ in range(21):
        model.predict("a")

    def slow():
        return [
            one
            for one in document(server)["findings"]
            if one["model"] == model.name and one["name"] == "ServescopeSlow"
        ]

    (finding,) = wait_until(slow)
    assert finding["summary"] == f"The slowest hundredth of {model.name} 1.0 takes longer than its latency_ms"
    assert finding["standing"] == "pending"
    assert finding["lasts_s"] == 600
    assert finding["place"] == f"#/model/{model.name}/1.0"
    page = server.http.get(server.url("metrics", "/console/runbook"))
    assert f'id="{finding["runbook"].partition("#")[2]}"' in page.text
    assert finding["name"] in [one["name"] for one in document(server, f"models/{model.name}")["findings"]]
    assert "ServescopeTargetDown" in [one["name"] for one in document(server)["elsewhere"]]


DYING = """
import os

def handle(data, context):
    if data is None:
        return None
    os._exit(3)
"""


def test_restarts(server, deploy):
    """A worker that dies is on its model's page: how often, why, and whose request it took with it."""
    model = deploy(DYING)
    assert model.predict("a").status_code == 500
    page = wait_until(
        lambda: (found := document(server, f"models/{model.name}"))["last_trouble"] and found["restarts"] and found
    )
    assert "3" in page["last_trouble"]
    restarts = wait_until(
        lambda: {
            one["reason"]: one["total"] for one in document(server, f"models/{model.name}")["restarts"] if one["total"]
        }
    )
    assert restarts == {"exit": 1}
    (failure,) = document(server, f"models/{model.name}/failures")["failures"]
    assert failure["message"] == "Worker died."
    assert failure["worker"].startswith("W-")
    assert failure["traceback"] is None


def test_slowest(server, deploy):
    """The slowest requests come with where their time went, which adds up to it."""
    model = deploy(SLEEPING)
    answer = model.predict("a")
    (slow, *_) = wait_until(lambda: document(server, f"models/{model.name}/slowest")["slowest"])
    assert slow["id"] == answer.headers["x-request-id"]
    assert slow["stages"]["handler"] > 0.04
    assert abs(sum(slow["stages"].values()) - slow["duration_s"]) < 1e-6


LITTLE = """
mode: prometheus
dimensions: [&m "ModelName", &l "Level", &h "Hostname"]
ts_metrics:
  counter:
    - name: Requests2XX
      unit: Count
      dimensions: [*l, *h]
model_metrics:
  gauge:
    - name: HandlerTime
      unit: ms
      dimensions: [*m, *l, *h]
"""


@pytest.mark.parametrize(
    "settings", [{"metrics_mode": "log"}, {"metrics_mode": "legacy"}, {"metrics_config": "little.yaml"}]
)
def test_fewer_metrics(launch, settings, tmp_path):
    """Where metrics are logged, or a metrics.yaml leaves most of them out, it shows what there is, and fails nowhere."""
    if "metrics_config" in settings:
        (tmp_path / "little.yaml").write_text(LITTLE)
        settings = {"metrics_config": str(tmp_path / "little.yaml")}
    server = launch(**settings)
    archive = pack(server.store / "few.mar", "few", FAILING, config="slo:\n  latency_ms: 10\n  latency_target: 99\n")
    assert server.register(archive).status_code == 200
    server.http.post(server.url("inference", "/predictions/few"), content=b"boom")
    (card,) = document(server)["models"]
    assert card["state"] == "ready"
    for path in ("", "/history", "/heatmap", "/failures", "/slowest"):
        document(server, f"models/few{path}")
    assert document(server, "models/few/failures")["failures"]
    document(server, "history")
    assert card["counts"]["requests_total"] in (0, 1, None)
    assert "cannot take its step" not in server.console()
    assert "Internal server error" not in server.console()


def test_no_metrics(launch):
    """With metrics_mode=off there is nothing to show, and so no console."""
    server = launch(metrics_mode="off")
    assert server.http.get(server.url("metrics", "/console")).status_code == 404
