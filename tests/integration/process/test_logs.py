"""The log files of a running server: which there are, their lines, what a worker prints, JSON, and other places for them."""

import re

import pytest

from integration.net_server import NOOP, OBEY, json_lines, log, obey, predict, serving
from integration.server import wait_until

pytestmark = pytest.mark.integration

FILES = ["access_log.log", "model_log.log", "model_metrics.log", "ts_log.log", "ts_metrics.log"]
STAMP = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d,\d{3}"
PRINTS = (
    "print('to stdout')\nprint('to stderr', file=sys.stderr, flush=True)\nsys.stdout.flush()\ntime.sleep(0.2)\n['x']"
)


@pytest.fixture(scope="module")
def net(tmp_path_factory):
    """A server with the logs of TorchServe."""
    with serving(tmp_path_factory.mktemp("logs"), models={"noop": NOOP, "obey": OBEY}) as server:
        yield server


def line_of(server, name, part):
    """The line with `part`, once it is there."""
    wait_until(lambda: part in log(server, name), f"{part!r} in {name}")
    return next(line for line in log(server, name).splitlines() if part in line)


def test_five_files_from_the_start(net):
    """All are there before anything was asked."""
    assert sorted(file.name for file in (net.directory / "logs").iterdir()) == FILES


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("POST", "/predictions/noop?a=1", 200), ("GET", "/ping", 200), ("DELETE", "/what", 404), ("GET", "/%20x%22", 404)],
)
def test_access_lines(net, method, path, status):
    """Time, client, request, status, milliseconds, and the id that the client was told."""
    answer = predict(net, path, method=method)
    line = line_of(net, "access_log.log", answer.headers["x-request-id"])
    target = re.escape(f'"{method} {path} HTTP/1.1"')
    assert re.fullmatch(rf"{STAMP} - /127\.0\.0\.1:\d+ {target} {status} \d+ \S+", line)
    assert answer.status_code == status
    wait_until(lambda: re.search(rf"{STAMP} \[INFO \] \S+ ACCESS_LOG - /127.*{line[-36:]}", net.console()), "the echo")


def test_all_three_ports_are_in_the_access_log(net):
    """Management and metrics as well."""
    net.manage("GET", "/models")
    net.http.get(net.url("metrics", "/metrics"))
    line_of(net, "access_log.log", '"GET /models HTTP/1.1" 200')
    line_of(net, "access_log.log", '"GET /metrics HTTP/1.1" 200')


def test_what_a_worker_prints(net):
    """Stdout at INFO and stderr at WARN, on threads named after worker and stream, with the request's id; echoed."""
    request_id = obey(net, PRINTS).headers["x-request-id"]
    for part, level, stream in (("to stdout", "INFO ", "stdout"), ("to stderr", "WARN ", "stderr")):
        line = line_of(net, "model_log.log", part)
        assert re.fullmatch(
            rf"{STAMP} \[{level}\] W-9\d\d\d-obey_1\.0-{stream} MODEL_LOG - {part} request_id={request_id}", line
        )
        assert line in net.console()


def test_a_failure_is_in_the_model_log_with_its_id(net):
    """The traceback, and whose request it was."""
    answer = obey(net, "undefined_name")
    line_of(net, "model_log.log", answer.headers["x-request-id"])
    line_of(net, "model_log.log", "NameError: name 'undefined_name' is not defined")


def test_json_lines(tmp_path):
    """log_format=json: each line of each file is an object with the request's id where there is one."""
    with serving(tmp_path / "server", {"log_format": "json"}, {"obey": OBEY}) as server:
        answer = obey(server, PRINTS)
        request_id = answer.headers["x-request-id"]
        line_of(server, "access_log.log", request_id)
        line_of(server, "model_log.log", "to stderr")
        (access,) = [line for line in json_lines(log(server, "access_log.log")) if line["request_id"] == request_id]
        assert (access["method"], access["target"], access["status"]) == ("POST", "/predictions/obey", 200)
        (printed,) = [line for line in json_lines(log(server, "model_log.log")) if line.get("message") == "to stdout"]
        assert printed["request_ids"] == [request_id]
        for name in FILES:
            assert all(isinstance(line, dict) for line in json_lines(log(server, name)))
        json_lines(server.console())


def test_other_places(tmp_path):
    """LOG_LOCATION and METRICS_LOCATION."""
    environ = {"LOG_LOCATION": str(tmp_path / "here"), "METRICS_LOCATION": str(tmp_path / "there")}
    with serving(tmp_path / "server", {}, {}, environ) as server:
        assert sorted(file.name for file in (tmp_path / "here").iterdir()) == [FILES[0], FILES[1], FILES[3]]
        assert sorted(file.name for file in (tmp_path / "there").iterdir()) == [FILES[2], FILES[4]]
        assert not (server.directory / "logs").exists()


def test_a_place_that_cannot_be_written(tmp_path):
    """Costs the lines, with a word on the console, and not the start."""
    (tmp_path / "file").write_text("")
    with serving(tmp_path / "server", {}, {}, {"LOG_LOCATION": str(tmp_path / "file" / "logs")}) as server:
        assert server.ping() == 200
        assert str(tmp_path / "file") in server.console()
