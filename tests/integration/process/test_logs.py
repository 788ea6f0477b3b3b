"""The log files of a running server: which there are, their lines, what a worker prints, JSON, and other places for them."""

import re

import pytest

from integration.net_server import NOOP, OBEY, json_lines, log, obey, predict, serving, talk
from integration.server import Server, pack, wait_until

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


# As log pipelines have it for TorchServe's: anchored at both ends.
GROK = re.compile(
    STAMP + r' - /(?P<ip>[^ ]+):(?P<port>\d+) "(?P<verb>\w+) (?P<path>\S+) HTTP/[\d.]+" (?P<code>\d{3}) (?P<ms>\d+)'
)


def access_lines(server):
    return log(server, "access_log.log").splitlines()


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("POST", "/predictions/noop?a=1", 200), ("GET", "/ping", 200), ("DELETE", "/what", 404), ("GET", "/%20x%22", 404)],
)
def test_access_lines(net, method, path, status):
    """TorchServe's to the letter: time, client, request, status, milliseconds; in ts_log.log and on the console too."""
    before = len(access_lines(net))
    assert predict(net, path, method=method).status_code == status
    wait_until(lambda: len(access_lines(net)) > before, "the line")
    line = access_lines(net)[-1]
    match = GROK.fullmatch(line)
    assert match is not None, line
    assert (match["verb"], match["path"], match["code"]) == (method, path, str(status))
    stamp, rest = line.split(" - ", 1)
    echo = re.compile(rf"{stamp} \[INFO \] \S+ ACCESS_LOG - {re.escape(rest)}")
    wait_until(lambda: echo.search(net.console()) and echo.search(log(net, "ts_log.log")), "the echo and the copy")


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


LOGGING = """
import logging, threading, traceback
logger = logging.getLogger("my.handler")

def handle(data, context):
    if data is None:
        return None
    body = data[0]["body"].decode()
    if body == "raise":
        raise ValueError("of the handler")
    print("printed", flush=True)
    logger.error("said %s", "aloud")
    try:
        1 / 0
    except ZeroDivisionError:
        logger.exception("caught")
        traceback.print_exc()
    logger.debug("not said")
    threading.Thread(target=lambda: {}["absent"], name="mine").start()
    return ["x"] * len(data)
"""


def said(server, count, **members):
    """The records of model_log.log with these members, once there are so many."""

    def found():
        lines = json_lines(log(server, "model_log.log"))
        return [line for line in lines if all(line.get(key) == value for key, value in members.items())]

    wait_until(lambda: len(found()) >= count, f"{members} in model_log.log")
    return found()


def test_what_handlers_log_in_json(tmp_path):
    """Each record once, with its level, its logger, its requests; a traceback is one record, whoever wrote it."""
    with serving(tmp_path / "server", {"log_format": "json"}, {"says": LOGGING}) as server:
        request_id = predict(server, "/predictions/says", "x").headers["x-request-id"]
        (aloud,) = said(server, 1, message="said aloud")
        assert (aloud["level"], aloud["logger"], aloud["request_ids"]) == ("ERROR", "my.handler", [request_id])
        (caught,) = said(server, 1, message="caught")
        assert caught["exception"].startswith("Traceback (most recent call last):\n")
        assert caught["exception"].endswith("ZeroDivisionError: division by zero")
        (printed,) = said(server, 1, message="ZeroDivisionError: division by zero")
        assert printed["exception"] == caught["exception"]
        (thread,) = said(server, 1, message="Exception in thread mine")
        assert (thread["level"], "KeyError: 'absent'" in thread["exception"]) == ("ERROR", True)
        assert said(server, 1, message="printed")[0]["level"] == "INFO"
        failed = predict(server, "/predictions/says", "raise").headers["x-request-id"]
        (raised,) = said(server, 1, request_ids=[failed])
        assert (raised["level"], raised["logger"]) == ("ERROR", "servescope.worker")
        assert raised["message"] == f"Invoking custom service failed. Requests: {failed}"
        assert raised["exception"].endswith("ValueError: of the handler")
        for name in FILES:
            assert not any(
                line.get("message", "").startswith(("  File", "Traceback")) for line in json_lines(log(server, name))
            )


def test_what_handlers_log_in_text(tmp_path):
    """On TorchServe's lines, each line of a record on one; at the record's level; without ids where these are not wanted."""
    settings = {"model_log_request_id": "false"}
    with serving(tmp_path / "server", settings, {"says": LOGGING}) as server:
        predict(server, "/predictions/says", "x")
        for level, text in (("INFO ", "printed"), ("ERROR", "said aloud"), ("ERROR", "caught"), ("ERROR", "Traceback")):
            line = line_of(server, "model_log.log", f"stdout MODEL_LOG - {text}")
            whole = rf"{STAMP} \[{level}\] W-9\d\d\d-says_1\.0-stdout MODEL_LOG - {text}( \(most recent call last\):)?"
            assert re.fullmatch(whole, line), line
        assert "not said" not in log(server, "model_log.log")


def test_lines_with_ids_where_they_are_asked_for(tmp_path):
    """The id that the client was told is at the line's end; paths that are excluded leave no line."""
    settings = {"access_log_request_id": "true", "access_log_exclude": "/ping,/v2/health/*", "ts_log_includes": "none"}
    with serving(tmp_path / "server", settings, {"noop": NOOP}) as server:
        for path in ("/ping", "/ping/", "/ping?x=1", "/v2/health/ready"):
            server.http.get(server.url("inference", path))
        answer = predict(server, "/predictions/noop")
        line = line_of(server, "access_log.log", "/predictions/noop")
        assert line.endswith(f" {answer.headers['x-request-id']}")
        assert len(access_lines(server)) == 1
        assert "ACCESS_LOG" not in log(server, "ts_log.log")


def test_clients_behind_proxies(tmp_path):
    """Their own address is in the line where the proxy is trusted; malformed HTTP names who sent it."""
    settings = {"trusted_proxies": "127.0.0.0/8", "access_log_request_id": "true"}
    with serving(tmp_path / "server", settings, {"noop": NOOP}) as server:
        answer = predict(server, "/predictions/noop", x_forwarded_for="8.8.8.8, 203.0.113.7, 127.0.0.5")
        assert " - /203.0.113.7:0 " in line_of(server, "access_log.log", answer.headers["x-request-id"])
        answer = predict(server, "/predictions/noop", forwarded='for="[2001:db8::7]:4711"')
        assert " - /[2001:db8::7]:4711 " in line_of(server, "access_log.log", answer.headers["x-request-id"])
        talk(server.ports["inference"], b"\x16\x03\x01 nonsense\r\n\r\n")
        line = line_of(server, "ts_log.log", "sent what is no HTTP")
        assert re.search(r" - Client 127\.0\.0\.1:\d+ sent what is no HTTP: ", line)


CHATTY = """
import logging

def handle(data, context):
    if data is None:
        return None
    for row in data:
        context.metrics.add_counter("Chat", 1)
        print("printed", flush=True)
        logging.getLogger("chatty").warning("said")
    return ["x"] * len(data)
"""


@pytest.mark.parametrize("mode", ["prometheus", "log"])
def test_all_lines_are_in_order_of_their_time(tmp_path, mode):
    """In each file and on the console, with requests, prints, records and metrics of two workers at once."""
    directory = tmp_path / "server"
    (directory / "store").mkdir(parents=True)
    for name in ("one", "two"):
        pack(directory / "store" / f"{name}.mar", name, CHATTY, config="minWorkers: 2\nmaxWorkers: 2\n")
    server = Server(directory, {"load_models": "all", "metrics_mode": mode})
    try:
        wait_until(
            lambda: server.ping() == 200 and predict(server, "/predictions/two").status_code == 200, "both models"
        )
        ask = [server.threads.submit(predict, server, f"/predictions/{('one', 'two')[n % 2]}") for n in range(300)]
        assert {each.result().status_code for each in ask} == {200}
    finally:
        server.end()
    for name in [*FILES, "../console"]:
        stamps = re.findall(rf"^{STAMP}", log(server, name), re.MULTILINE)
        assert stamps == sorted(stamps), name
    kinds = ("ACCESS_LOG", "MODEL_LOG") + (("TS_METRICS", "MODEL_METRICS") if mode == "log" else ())
    text = log(server, "ts_log.log")
    assert all(text.count(f" {kind} - ") >= 300 for kind in kinds)


def test_what_a_kill_loses(tmp_path):
    """Of the access lines at most those of the last moments; whatever was answered a while before is there."""
    with serving(tmp_path / "server", {}, {"noop": NOOP}) as server:
        for _ in range(50):
            predict(server, "/predictions/noop")
        wait_until(lambda: len(access_lines(server)) >= 50, "what was answered before")
        for _ in range(50):
            predict(server, "/predictions/noop")
        server.process.kill()
        server.process.wait()
        lines = access_lines(server)
        assert 50 <= len(lines) <= 100
        assert all(GROK.fullmatch(line) for line in lines)


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


DIES = """
import os, time

def handle(data, context):
    if data and data[0]["body"] == b"die":
        os._exit(3)
    if data and data[0]["body"] == b"hang":
        time.sleep(1000)
    return data and ["x"] * len(data)
"""


def test_the_texts_that_people_alert_on(tmp_path):
    """TorchServe's words stand where the same has happened, each at the beginning of its message."""
    directory = tmp_path / "server"
    (directory / "store").mkdir(parents=True)
    pack(directory / "store" / "m.mar", "m", DIES, config="minWorkers: 1\nmaxWorkers: 1\nresponseTimeout: 1\n")
    server = Server(directory, {"load_models": "all"})
    try:
        line_of(server, "ts_log.log", "State change WORKER_STARTED -> WORKER_MODEL_LOADED")
        assert predict(server, "/predictions/m", "die").status_code == 500
        line_of(server, "ts_log.log", " - Auto recovery succeeded, reset recoveryStartTS")
        assert predict(server, "/predictions/m", "hang").status_code == 500
        line_of(server, "ts_log.log", " - Backend worker did not respond in given time")
        text = log(server, "ts_log.log")
    finally:
        server.end()
    for words in (
        "Inference API bind to: http://127.0.0.1:",
        "Management API bind to: ",
        "Metrics API bind to: ",
        "Model m loaded.",
        "9000 Worker disconnected. WORKER_MODEL_LOADED",
        "Auto recovery start timestamp: ",
        "Retry worker: 9000 in ",
        "Model server started.",
    ):
        assert re.search(rf"^{STAMP} \[\w+ *\] \S+ \S+ - {re.escape(words)}", text, re.MULTILINE), words
