"""The metric modes on a live server: what /metrics shows and which lines are written, as recorded off TorchServe."""

import re
from collections import Counter

import pytest

from golden import GOLDEN
from integration.net_server import NOOP, OBEY, json_lines, log, obey, predict, serving
from integration.server import wait_until

pytestmark = pytest.mark.integration

METERED = (GOLDEN / "handlers" / "metered.py").read_text()
RECORDED = (GOLDEN / "log_lines.txt").read_text()
FILES = ("ts_metrics.log", "model_metrics.log")
LINE = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d,\d{3} - (\S+?)\.(\S+?):([-0-9.E]+)\|#([^|]*)\|#hostname:([^,|]+),(.*)timestamp:\d{10}"
# What differs from run to run.
MASKS = (
    (re.compile(r"^\S+ - "), ""),
    (re.compile(r"((?<!Postprocess)Time\.\w+|_microseconds\.Microseconds):[-0-9.E]+"), r"\1:T"),
    (re.compile(r"hostname:[^,]+"), "hostname:H"),
    (re.compile(r"timestamp:\d+"), "timestamp:N"),
    (re.compile(r"requestID:[-0-9a-f]{36}"), "requestID:R"),
    (re.compile(r"WorkerName:W-\d+-\w+"), "WorkerName:W"),
)


def masked(text):
    """How often each line of metrics occurs, run-dependent parts aside."""
    lines = [line for line in text.splitlines() if "|#hostname:" in line]
    for pattern, mask in MASKS:
        lines = [pattern.sub(mask, line) for line in lines]
    return Counter(lines)


def names(server, file):
    """The metrics that a file has lines of."""
    return {re.fullmatch(LINE, line)[1] for line in log(server, file).splitlines()}


def wait_for(server, file, name):
    """Until a metric has a line: they are held for half a second."""
    wait_until(lambda: name in names(server, file), f"a line of {name}")


def test_log_mode_writes_what_was_recorded(tmp_path):
    """The recorded request again: each recorded line, masked, so many times and in its file; nothing in /metrics."""
    settings = {"metrics_mode": "log", "model_metrics_auto_detect": "true"}
    with serving(tmp_path / "server", settings, {"metered": METERED}) as server:
        assert predict(server, "/predictions/metered", b"x").status_code == 200
        wait_for(server, "model_metrics.log", "PredictionTime")
        wait_for(server, "ts_metrics.log", "QueueTime")
        server_lines, model_lines = RECORDED.split("## logs/model_metrics.log")
        assert masked(log(server, "model_metrics.log")) == masked(model_lines)
        mine, theirs = masked(log(server, "ts_metrics.log")), masked(server_lines)
        assert mine.keys() == theirs.keys()
        # TorchServe writes one for the load as well, of which the front end's own share is not measured here.
        assert {line for line in theirs if mine[line] != theirs[line]} <= {
            line for line in theirs if "WorkerThreadTime" in line
        }
        answer = server.http.get(server.url("metrics", "/metrics"))
        assert (answer.status_code, answer.text) == (200, "")


def test_lines_tell_what_happened(tmp_path):
    """Failures and batches too; hostile values stay in their line; all is echoed on the console."""
    settings = {"metrics_mode": "log", "disable_system_metrics": "false", "metric_time_interval": "1"}
    with serving(tmp_path / "server", settings, {"obey": OBEY}) as server:
        hostile = "context.metrics.add_counter('Kettles', 2, 0, [D('kind', 'a|b,c#d\\n2026-11-24T00:00:00,000 - x')])"
        answer = obey(server, f"from ts.metrics.dimension import Dimension as D\n{hostile}\n['x']")
        assert predict(server, "/predictions/none", b"").status_code == 404
        assert obey(server, "undefined").status_code == 503
        wait_for(server, "ts_metrics.log", "Requests5XX")
        wait_for(server, "ts_metrics.log", "MemoryUsed")
        wait_for(server, "model_metrics.log", "Kettles")
        (line,) = [line for line in log(server, "model_metrics.log").splitlines() if "Kettles" in line]
        assert r"Kettles.Count:2.0|#kind:a\x7cb\x2cc\x23d\x0a2026-11-24T00:00:00\x2c000 - x,ModelName:obey" in line
        assert f",requestID:{answer.headers['x-request-id']},timestamp:" in line
        assert {"Requests2XX", "Requests4XX", "CPUUtilization", "DiskAvailable"} <= names(server, "ts_metrics.log")
        assert not [name for name in names(server, "ts_metrics.log") if name.startswith(("servescope", "process"))]
        assert f"MODEL_METRICS - {line.partition(' - ')[2]}" in server.console()


def test_legacy_mode(tmp_path):
    """The three as counters in /metrics, and not in the logs; the others only there."""
    with serving(tmp_path / "server", {"metrics_mode": "legacy"}, {"metered": METERED}) as server:
        predict(server, "/predictions/metered", b"x")
        three = [
            f"ts_{name}"
            for name in ("inference_requests_total", "inference_latency_microseconds", "queue_latency_microseconds")
        ]
        assert server.families() == dict.fromkeys(three, "counter")
        for name in three:
            assert server.metrics(name, model_name="metered", model_version="default") > 0
        wait_for(server, "model_metrics.log", "PredictionTime")
        wait_for(server, "ts_metrics.log", "QueueTime")
        assert names(server, "ts_metrics.log") == {"Requests2XX", "QueueTime", "WorkerThreadTime", "WorkerLoadTime"}
        assert {"CallCount", "SizeOfImage", "DistanceInKM"} <= names(server, "model_metrics.log")


def test_both(tmp_path):
    """prometheus,log: all families and all lines, of the same values."""
    with serving(tmp_path / "server", {"metrics_mode": "log,prometheus"}, {"metered": METERED}) as server:
        predict(server, "/predictions/metered", b"x")
        predict(server, "/predictions/metered", b"x")
        assert server.metrics("CallCount", Caller="test") == 2
        assert {"servescope_requests_total", "QueueTime", "CallCount"} <= server.families().keys()
        wait_until(lambda: log(server, "model_metrics.log").count(" CallCount.Count:1.0|") == 2, "two lines")


@pytest.mark.parametrize("mode", ["prometheus", "off"])
def test_modes_without_lines(tmp_path, mode):
    """The files are there and stay empty; the access line, which is written out after theirs, shows that they had their time."""
    with serving(tmp_path / "server", {"metrics_mode": mode}, {"noop": NOOP}) as server:
        predict(server, "/predictions/noop", b"x")
        wait_until(lambda: "/predictions/noop" in log(server, "access_log.log"), "the access line")
        assert [log(server, file) for file in FILES] == ["", ""]


def test_json(tmp_path):
    """log_format=json: an object a line, TorchServe's text as its message."""
    with serving(tmp_path / "server", {"metrics_mode": "log", "log_format": "json"}, {"metered": METERED}) as server:
        request_id = predict(server, "/predictions/metered", b"x").headers["x-request-id"]
        wait_until(lambda: "PredictionTime" in log(server, "model_metrics.log"), "a line")
        (size,) = [line for line in json_lines(log(server, "model_metrics.log")) if line["metric"] == "SizeOfImage"]
        assert size["message"].startswith("SizeOfImage.Megabytes:2.0|#ModelName:metered,Level:Model|#hostname:")
        assert (size["value"], size["unit"], size["request_ids"]) == (2.0, "Megabytes", [request_id])
        assert size["dimensions"] == {"ModelName": "metered", "Level": "Model"}
        wait_until(lambda: "Requests2XX" in log(server, "ts_metrics.log"), "a line")
        assert {line["logger"] for line in json_lines(log(server, "ts_metrics.log"))} == {"TS_METRICS"}


def test_what_a_yaml_leaves_out_is_not_logged(tmp_path):
    """Neither the server's nor, without auto-detection, a handler's."""
    yaml = tmp_path / "metrics.yaml"
    yaml.write_text(
        "ts_metrics: {gauge: [{name: QueueTime, unit: ms, dimensions: [L, Hostname]}]}\n"
        "model_metrics: {counter: [{name: CallCount, unit: count, dimensions: [Caller, ModelName, Level]}]}\n"
    )
    settings = {"metrics_mode": "log", "metrics_config": str(yaml), "model_metrics_auto_detect": "false"}
    with serving(tmp_path / "server", settings, {"metered": METERED}) as server:
        predict(server, "/predictions/metered", b"x")
        wait_for(server, "ts_metrics.log", "QueueTime")
        wait_for(server, "model_metrics.log", "CallCount")
        assert (names(server, "ts_metrics.log"), names(server, "model_metrics.log")) == ({"QueueTime"}, {"CallCount"})
        assert re.search(r" QueueTime\.ms:\d+\.0\|#L:Host\|#hostname:", log(server, "ts_metrics.log"))
        assert "CallCount.count:1.0|#Caller:test,ModelName:metered,Level:Model|" in log(server, "model_metrics.log")
