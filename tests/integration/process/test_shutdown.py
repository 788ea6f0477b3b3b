"""The end of a server: what is in flight is finished, and nothing is left."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import suppress

import psutil
import pytest

from integration.deployed import GATED, Deployed
from integration.net_server import begin_start, log, run_start, site
from integration.server import PATIENCE_S, alive, hang_up, pack, wait_until

pytestmark = pytest.mark.integration

CHILD = "import subprocess\nsubprocess.Popen(['sleep', '600'])\n"


@pytest.fixture
def own(launch):
    """A gated model in a server of its own; its handler has started a process, too."""
    server = launch()
    server.register(pack(server.store / "m.mar", "m", CHILD + GATED), initial_workers=2)
    return Deployed(server, "m")


def ended(server):
    """The exit status, once there is one."""
    return server.process.wait(PATIENCE_S)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_end(own, number):
    """Those in hand and in the queue are finished while /ping fails and new ones get 503; status 0, nothing left."""
    server = own.server
    answers = [own.predict(f"r{each}") for each in range(20)]
    held = [own.hold("gate1"), own.hold("gate2")]
    waiting = own.send("waits")
    own.pending(1)
    family = server.family()
    assert len(family) == 5, "two workers with a process each, and the watcher"
    server.process.send_signal(number)
    wait_until(lambda: server.ping() == 500)
    refused = own.predict("late")
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    said = refused.json()
    assert (said["type"], "scale" in said["message"]) == ("ServiceUnavailableException", False)
    assert said["message"].startswith("The server is stopping and takes no new requests.")
    assert server.metrics("servescope_rejected_total", model_name="m", reason="draining") == 1
    assert server.process.poll() is None
    own.open("gate1")
    own.open("gate2")
    answers += [answer.result() for answer in (*held, waiting)]
    assert {answer.status_code for answer in answers} == {200}
    assert ended(server) == 0
    wait_until(lambda: not alive(family))
    logged = re.findall(r'"POST /predictions/m HTTP/1.1" (\d+)', log(server, "access_log.log"))
    assert (logged.count("200"), logged.count("503"), len(logged)) == (23, 1, 24)
    assert not list(server.directory.glob("servescope-*")), "the unpacked archives are still there"


def access_log(server):
    return (server.directory / "logs" / "access_log.log").read_text()


@pytest.mark.parametrize("first", [signal.SIGINT, signal.SIGTERM])
def test_a_second_interrupt_hurries(own, first):
    """Who cannot wait for what is in hand asks twice: the request is told that its worker died, and the status is 0."""
    held = own.hold()
    waiting = [own.hold("gate2"), own.send("waits")]
    own.pending(1)
    own.server.process.send_signal(first)
    wait_until(lambda: own.server.ping() == 500)
    own.server.process.send_signal(signal.SIGINT)
    assert held.result().json()["message"] == "Worker died."
    assert {answer.result().status_code for answer in waiting} <= {500, 503}
    assert "scale workers" not in waiting[1].result().text
    assert ended(own.server) == 0


def test_an_interrupt_hurries_what_nobody_waits_for(own):
    """A worker that is at a request whose client has gone is ended too, though all requests are over."""
    hang_up(own.server.ports["inference"], "/predictions/m", b"gate").close()
    own.began("gate")
    wait_until(lambda: own.server.metrics("servescope_http_requests_total", code="499") == 1)
    own.server.process.terminate()
    wait_until(lambda: "the workers end" in log(own.server, "ts_log.log"))
    own.server.process.send_signal(signal.SIGINT)
    assert ended(own.server) == 0
    assert "ended in a hurry" in log(own.server, "ts_log.log")


def test_changes_of_models_do_not_hold_the_drain(launch):
    """Who waits for a turn is told at once that the server stops, and so is who comes later; whose turn it is goes on."""
    server = launch()
    code = "import os, pathlib, time\ngo = pathlib.Path(os.environ['NOTES']) / 'go'\n"
    code += "while not go.exists():\n    time.sleep(0.005)\n" + "def handle(data, context):\n    return data\n"
    registered = server.threads.submit(server.register, pack(server.store / "m.mar", "m", code))
    wait_until(lambda: server.manage("GET", "/models/m").status_code == 200)
    waiting = server.threads.submit(server.manage, "PUT", "/models/m", min_worker=2)
    wait_until(lambda: server.metrics("servescope_connections", listener="management", state="answering") == 2)
    server.process.terminate()
    said = waiting.result()
    assert (said.status_code, said.json()["type"]) == (503, "ServiceUnavailableException")
    assert server.manage("POST", "/models", url="m.mar").status_code == 503
    assert not registered.done()
    (server.notes / "go").touch()
    assert registered.result().status_code == 200
    assert ended(server) == 0


def test_a_second_sigterm_waits(own):
    """A supervisor may send it as often as it likes, and `servescope stop` come on top: what is in flight is answered."""
    held = own.hold()
    for _ in range(3):
        own.server.process.terminate()
        wait_until(lambda: own.server.ping() == 500)
    stopping = command(own.server, "stop")
    assert (
        stopping.stdout.readline()
        == "Waiting for what is in flight: m 1.0 (1 request, 0 of them in the queue); "
        + ("`servescope stop --now` ends it …\n")
    )
    own.open()
    assert held.result().status_code == 200
    assert ended(own.server) == 0
    out, _ = stopping.communicate()
    assert (stopping.returncode, out.splitlines()[-1]) == (
        0,
        f"Servescope has stopped (process {own.server.process.pid}).",
    )


@pytest.mark.parametrize("again", [signal.SIGTERM, signal.SIGHUP])
def test_signals_until_it_is_gone(own, again):
    """At whatever moment of the end another one comes: the status is 0, and everything is cleaned up."""
    own.server.process.terminate()
    while own.server.process.poll() is None:
        own.server.process.send_signal(again)
        with suppress(subprocess.TimeoutExpired):  # without a pause it would have no time for anything else
            own.server.process.wait(0.002)
    assert ended(own.server) == 0
    assert not list(own.server.directory.glob("servescope-*"))
    assert not (own.server.directory / ".servescope.pid").exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_from_the_first_moment(tmp_path, number):
    """A server that is told to end before it has begun to serve ends with status 0, without a traceback; SIGHUP ends nobody."""
    (tmp_path / "store").mkdir()
    logs = tmp_path / "logs"
    process = begin_start(tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    wait_until(logs.exists, "the logs")
    process.send_signal(signal.SIGHUP)
    process.send_signal(number)
    _, said = process.communicate()
    assert (process.returncode, said) == (0, "")
    assert not list(tmp_path.glob("servescope-*"))


TOLD = """
import os, signal

made = os.mkdir

def mkdir(path, *arguments, **named):
    made(path, *arguments, **named)
    if "servescope-" in os.path.basename(path):
        os.kill(os.getpid(), signal.SIGTERM)

os.mkdir = mkdir
"""


def test_while_it_makes_its_directory(tmp_path, monkeypatch):
    """Told to end in the very moment in which there is a directory that nobody else knows of: it is not left behind."""
    (tmp_path / "store").mkdir()
    (tmp_path / "sitecustomize.py").write_text(TOLD)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    process = begin_start(tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    _, said = process.communicate()
    assert (process.returncode, said) == (0, "")
    assert not list(tmp_path.glob("servescope-*"))
    assert "Model server started." not in (tmp_path / "logs" / "ts_log.log").read_text()


def test_stop_now(own):
    """Ends what is in flight."""
    held = own.hold()
    own.server.process.terminate()
    wait_until(lambda: own.server.ping() == 500)
    out, _ = command(own.server, "stop", "--now").communicate()
    assert out == f"Servescope has stopped (process {own.server.process.pid}).\n"
    assert held.result().json()["message"] == "Worker died."
    assert ended(own.server) == 0


def test_stop_now_of_a_server_that_is_blocked(own):
    """It is killed where it does not react, and its workers go with it."""
    own.hold()
    family = own.server.family()
    own.server.process.send_signal(signal.SIGSTOP)
    out, _ = command(own.server, "stop", "--now").communicate()
    assert "has not reacted in 15 s and is killed; its workers end with it." in out
    assert ended(own.server) == -signal.SIGKILL
    wait_until(lambda: not alive(family))


def command(server, *words):
    """A command against this server."""
    return subprocess.Popen(
        [sys.executable, "-m", "servescope.cli.main", *words],
        env=os.environ | {"TEMP": str(server.directory)},
        cwd=server.directory,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("seconds", ["0", "1"])
def test_the_drain_has_a_bound(launch, seconds):
    """After shutdown_timeout workers are ended, and the log says what was cut off; who waited is told; the status is 0."""
    server = launch(shutdown_timeout=seconds, default_response_timeout="3600")
    server.register(pack(server.store / "m.mar", "m", GATED))
    own = Deployed(server, "m")
    held, waiting = own.hold(), own.send("waits")
    own.pending(1)
    server.process.terminate()
    assert held.result().json()["message"] == "Worker died."
    said = waiting.result()
    assert (said.status_code, said.json()["type"]) == (503, "ServiceUnavailableException")
    assert said.json()["message"].startswith("The server is stopping")
    assert ended(server) == 0
    lines = (server.directory / "logs" / "ts_log.log").read_text()
    assert f"Stopping after {seconds} s, 2 requests are cut off: m 1.0 has 1 in workers and 1 in the queue" in lines


def test_its_default_is_the_longest_response_timeout(launch):
    """Of the models that there are."""
    server = launch()
    for name, seconds in (("a", 2), ("b", 1)):
        server.register(pack(server.store / f"{name}.mar", name, GATED), response_timeout=seconds)
    server.process.terminate()
    assert ended(server) == 0
    assert "have 3 s at most" in (server.directory / "logs" / "ts_log.log").read_text()


def test_during_the_start(tmp_path):
    """A server that installs a model's requirements as it starts ends at once, and pip with it."""
    began = tmp_path / "began"
    store, build = tmp_path / "store", tmp_path / "slow"
    store.mkdir()
    build.mkdir()
    (build / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    )
    (build / "backend.py").write_text(f"import pathlib, time\npathlib.Path({str(began)!r}).touch()\ntime.sleep(3600)\n")
    pack(store / "m.mar", "m", GATED, files={"r.txt": f"--no-index\n{build}\n"}, requirementsFile="r.txt")
    settings = {"load_models": "all", "install_py_dep_per_model": "true"}
    process = begin_start(tmp_path, settings=settings, stdout=subprocess.DEVNULL)
    wait_until(began.exists, "pip to build")
    family = psutil.Process(process.pid).children(recursive=True)
    process.terminate()
    assert process.wait(PATIENCE_S) == 0
    wait_until(lambda: not alive(family))
    assert not list(tmp_path.glob("servescope-*"))


def test_a_stream_is_finished(launch):
    """Also one that has begun."""
    code = "from ts.handler_utils.utils import send_intermediate_predict_response as send\n" + GATED.replace(
        "    for name in names:\n        while",
        "    send(['begun '], {}, '', 200, context)\n    for name in names:\n        while",
    )
    server = launch()
    server.register(pack(server.store / "m.mar", "m", code))
    model = Deployed(server, "m")
    with server.http.stream("POST", server.url("inference", model.path), content="gate") as answer:
        pieces = answer.iter_raw()
        assert next(pieces) == b"begun "
        server.process.terminate()
        wait_until(lambda: server.ping() == 500)
        model.open()
        assert b"".join(pieces) == b"1"
    assert ended(server) == 0


def test_an_idle_connection_keeps_nobody(own):
    """Clients that hold a connection open do not hold the server."""
    assert own.predict("x").status_code == 200  # the client keeps its connection
    own.server.process.terminate()
    assert ended(own.server) == 0


def test_a_model_that_is_still_loading(launch):
    """Neither its loading nor its retries hold the server up; who waited for it is answered."""
    server = launch()
    code = "import time\n\ndef handle(data, context):\n    time.sleep(600)\n"
    server.register(pack(server.store / "m.mar", "m", code), synchronous="false", startup_timeout=600)
    failing = pack(server.store / "f.mar", "f", "raise ValueError\n")
    server.register(failing, synchronous="false")
    family = server.family()
    server.process.terminate()
    assert ended(server) == 0
    wait_until(lambda: not alive(family))


def test_its_keys_go_with_it(launch):
    """key_file.json is there for the owner alone while the server runs, and gone when it has ended."""
    server = launch(disable_token_authorization="false")
    keys = server.directory / "key_file.json"
    assert keys.stat().st_mode & 0o777 == 0o600
    token = json.loads(keys.read_text())["inference"]["key"]
    url = server.url("inference", "/predictions/none")
    assert server.http.get(url).status_code == 400
    assert server.http.get(url, headers={"Authorization": f"Bearer {token}"}).status_code == 404
    server.process.terminate()
    assert ended(server) == 0
    assert not keys.exists()


def test_during_a_download(tmp_path):
    """One that trickles, and has no end, holds nobody."""
    (tmp_path / "store").mkdir()
    with socket.create_server(("127.0.0.1", 0)) as source:
        url = f"http://127.0.0.1:{source.getsockname()[1]}/m.mar"
        process = begin_start(tmp_path, settings={"load_models": url}, stdout=subprocess.DEVNULL)
        client, _ = source.accept()
        with client:
            client.recv(65536)
            client.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\nPK")
            process.terminate()
            assert process.wait(PATIENCE_S) == 0
    assert not (tmp_path / ".servescope.pid").exists()
    assert not list(tmp_path.glob("servescope-*"))


def test_a_port_that_is_taken(launch, tmp_path):
    """The start fails with the option and the address, and status 1."""
    server = launch()
    address = f"inference_address=http://127.0.0.1:{server.ports['inference']}"
    result = run_start(site(tmp_path / "other", f"{address}\n"))
    assert result.returncode == 1
    assert address in result.stdout + result.stderr
    assert f"by process {server.process.pid} ({sys.executable} -m servescope.cli.main start" in result.stderr
    assert "Traceback" not in result.stdout + result.stderr
