"""The commands against the real server: started detached, looked at, told what to do, stopped."""

import json
import os
import signal
import socket
import subprocess

import httpx
import psutil
import pytest

from integration.detached import NOOP, make_site
from integration.server import COMMAND, alive

pytestmark = pytest.mark.integration

VERSIONS = {"noop_1.0": NOOP, "noop_2.0": NOOP}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A server without tokens and with the model API, up for all of this module."""
    site = make_site(tmp_path_factory.mktemp("site"), VERSIONS, "noop=noop_1.0.mar")
    said = site.good("start", "--detach", "--ncs", "--disable-token-auth", "--enable-model-api")
    assert site.inference in said
    yield site
    site.good("stop")


@pytest.fixture
def own_site(tmp_path):
    """A site that a test starts and stops itself; nothing of it is left."""
    site = make_site(tmp_path, VERSIONS, "noop=noop_1.0.mar")
    yield site
    site.run("stop")


def test_a_detached_server_answers_at_once(site):
    """`start --detach` returns no sooner than the first request can be answered, and its model is ready."""
    assert site.get("management", "/readyz").text == "ready\n"
    assert httpx.put(f"{site.inference}/predictions/noop", content=b"x").text == "answer"


def test_status_as_json(site):
    """Health, the model with its queue, its worker's process, and the requests counted."""
    httpx.put(f"{site.inference}/predictions/noop", content=b"x")
    found = json.loads(site.good("status", "--json"))
    (model,) = [model for model in found["models"] if model["modelVersion"] == "1.0"]
    assert found["server"]["health"] == "Healthy"
    assert found["server"]["pid"] == site.pid()
    assert model["modelName"] == "noop"
    assert model["jobQueueStatus"] == {"remainingCapacity": 100, "pendingRequests": 0}
    assert [(worker["status"], worker["state"], worker["busy_s"]) for worker in model["workers"]] == [
        ("READY", "ready", 0)
    ]
    assert (found["ready"], found["server"]["ready"], found["missing"]) == (True, True, [])
    assert psutil.pid_exists(model["workers"][0]["pid"])
    assert found["requests"]["2XX"] > 0


def test_status_as_tables(site):
    """The same for a person."""
    httpx.put(f"{site.inference}/predictions/noop", content=b"x")
    text = site.good("status")
    for part in ("Ready: process", "noop", "ready", "0 / 100", "2XX"):
        assert part in text


@pytest.mark.parametrize("words", ["status", "status --json", "models list", "models describe noop"])
def test_a_full_disk(site, words):
    """Whoever only shows says so in a line, with status 1; whoever changes something has done it."""
    with open("/dev/full", "w") as full:
        environ = {"env": site.environ, "cwd": site.directory, "stdout": full, "stderr": subprocess.PIPE, "text": True}
        shown = subprocess.run([*COMMAND, *words.split()], check=False, **environ)
        subprocess.run([*COMMAND, "models", "scale", "noop", "--min-workers", "1"], check=True, **environ)
    assert shown.stderr == "servescope: standard output cannot be written: No space left on device\n"
    assert shown.returncode == 1


def test_who_reads_a_line_of_the_status(site):
    """Has it, and its status is that of the models: all of it is written at once."""
    words = ["bash", "-o", "pipefail", "-c", '"$@" | head -1', "sh", *COMMAND, "status"]
    read = subprocess.run(words, env=site.environ, cwd=site.directory, capture_output=True, text=True, check=True)
    assert read.stdout.startswith("Ready: process")
    assert read.stderr == ""


def test_a_versions_life(site):
    """Registered, listed, described, scaled, made the default, and unregistered; the server's words at each step."""
    said = site.good("models", "register", "noop_2.0.mar", "--name", "noop", "--workers", "1", "--batch-size", "4")
    assert 'Model "noop" Version: 2.0 registered with 1 initial workers' in said
    assert "noop" in site.good("models", "list")
    (described,) = json.loads(site.good("models", "describe", "noop", "--version", "2.0", "--json"))
    assert (described["batchSize"], len(described["workers"])) == (4, 1)
    said = site.good("models", "scale", "noop", "--version", "2.0", "--min-workers", "2")
    assert said.strip() == "Workers scaled to 2 for model: noop, version: 2.0"
    assert "2 of 2" in site.good("models", "describe", "noop", "--version", "2.0")
    said = site.good("models", "scale", "noop", "--version", "2.0", "--autoscale", "advise")
    assert said.strip() == "Autoscaling of model noop version 2.0 is advise now"
    described = site.good("models", "describe", "noop", "--version", "2.0")
    assert "Autoscaler" in described
    assert "advise" in described
    assert "advise" in site.good("status")
    assert 'model "noop" to "2.0"' in site.good("models", "set-default", "noop", "2.0")
    assert 'model "noop" to "1.0"' in site.good("models", "set-default", "noop", "1.0")
    assert site.good("models", "unregister", "noop", "--version", "2.0").strip() == 'Model "noop" unregistered'
    assert [model["modelVersion"] for model in json.loads(site.good("models", "describe", "noop", "--json"))] == ["1.0"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["describe", "absent"], "Model not found: absent"),
        (["unregister", "absent"], "Model not found: absent"),
        (["register", "absent.mar"], "Model not found at: absent.mar"),
        (["register", "noop_1.0.mar"], "Model version 1.0 is already registered for model noop"),
        (["scale", "noop", "--min-workers", "2", "--max-workers", "1"], "max_worker cannot be less than min_worker."),
        (["set-default", "noop", "9.9"], "Model version 9.9 does not exist for model noop"),
    ],
)
def test_a_refusal_is_the_servers_own_and_status_1(site, words, message):
    """One line on standard error."""
    result = site.run("models", *words)
    assert result.returncode == 1
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_a_second_server_is_refused(site):
    """One run file, one server; the first goes on."""
    for more in ([], ["--detach"]):
        result = site.run("start", *more)
        assert result.returncode == 1
        assert f"already running: process {site.pid()}" in result.stderr
    assert httpx.get(f"{site.inference}/ping").status_code == 200


def test_a_taken_port_ends_the_start(own_site):
    """A detached start says which address was taken, and leaves nothing behind."""
    port = int(own_site.inference.rsplit(":", 1)[1])
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        result = own_site.run("start", "--detach", "--ncs")
    assert result.returncode == 1
    assert str(port) in result.stderr
    assert not (own_site.directory / ".servescope.pid").exists()


def test_tokens_are_found_and_stop_deletes_them(own_site):
    """Tokens are on by default: commands read the key file, a wrong token is refused, `stop` removes the file."""
    own_site.good("start", "--detach", "--ncs")
    assert "noop" in own_site.good("models", "list")
    assert json.loads(own_site.good("status", "--json"))["server"]["health"] == "Healthy"
    refused = own_site.run("models", "list", "--token", "wrong")
    assert refused.returncode == 1
    assert "Token Authorization failed" in refused.stderr
    server = psutil.Process(own_site.pid())
    assert "has stopped" in own_site.good("stop")
    assert not alive([server])
    assert not (own_site.directory / "key_file.json").exists()
    assert not (own_site.directory / ".servescope.pid").exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_foreground_with_status_0(own_site, number):
    """And the run file goes with the server."""
    reader, writer = os.pipe()
    words = ["start", "--ncs", "--dt", "--ready-fd", str(writer)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(
        [*COMMAND, *words], cwd=own_site.directory, env=own_site.environ, pass_fds=[writer], **quiet
    ) as server:
        os.close(writer)
        assert os.read(reader, 1) == b"1"
        os.close(reader)
        assert own_site.pid() == server.pid
        server.send_signal(number)
        assert server.wait(60) == 0
    assert not (own_site.directory / ".servescope.pid").exists()
