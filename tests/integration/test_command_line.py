"""Commands where people use them: in pipes, narrow terminals, broken surroundings, and against servers that do not let them."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys

import httpx
import pytest

from integration.detached import NOOP, make_site
from integration.server import COMMAND, PATIENCE_S, wait_until

pytestmark = pytest.mark.integration

OPTIONS = ("--ncs", "--dt", "--enable-model-api")


@pytest.fixture
def site(tmp_path):
    """A site that a test starts and stops itself; nothing of it is left."""
    site = make_site(tmp_path, {"noop": NOOP}, "noop.mar")
    yield site
    site.end()


def piped(site, words, reader):
    """`servescope … | reader`: the exit status of the first, what the second shows, and standard error."""
    line = f"set -o pipefail; {shlex.join([*COMMAND, *words])} | {reader}"
    done = subprocess.run(
        ["bash", "-c", line],
        cwd=site.directory,
        env=site.environ,
        capture_output=True,
        text=True,
        timeout=2 * PATIENCE_S,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("wait", [(), ("--wait", "0")])
def test_who_reads_one_line_of_a_start(site, wait):
    """`start --detach | head -1` waits all the same, and says by its status what became of it; no traceback."""
    status, out, err = piped(site, ["start", "--detach", *wait, *OPTIONS], "head -1")
    assert (status, err) == (0, "")
    assert re.fullmatch(r"Servescope runs: process \d+\n", out)
    if not wait:
        assert site.get("management", "/readyz").text == "ready\n"
    status, _, err = piped(site, ["stop"], "true")
    assert (status, err) == (0, "")
    assert "not running" in site.good("stop")


def test_a_start_that_fails_for_who_does_not_read(site):
    """Its status says so, as ever."""
    (site.directory / "store/noop.mar").write_bytes(b"junk")
    status, _, err = piped(site, ["start", "--detach", *OPTIONS], "true")
    assert status == 1
    assert "Traceback" not in err
    assert "begins with b'junk'" in err


@pytest.mark.parametrize("variable", ["TEMP", "TMPDIR"])
def test_a_temporary_directory_that_is_not_there(site, variable):
    """Every command names the variable and its value, and the server does not start elsewhere."""
    missing = str(site.directory / "missing")
    environ = {name: value for name, value in site.environ.items() if name not in ("TEMP", "TMPDIR")}
    for words in (["start", *OPTIONS], ["start", "--detach", *OPTIONS], ["status"], ["stop"]):
        done = subprocess.run(
            [*COMMAND, *words],
            cwd=site.directory,
            env=environ | {variable: missing},
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        )
        assert done.returncode == 1, words
        assert done.stderr.startswith(f"servescope: {variable}={missing}: there is no such directory")


def test_status_in_a_narrow_terminal(site):
    """80 columns, with the worker's start as it is in the JSON, unbroken."""
    site.good("start", "--detach", *OPTIONS)
    site.environ["COLUMNS"] = "80"
    (model,) = json.loads(site.good("status", "--json"))["models"]
    for words in (("status",), ("models", "describe", "noop")):
        text = site.good(*words)
        assert max(map(len, text.splitlines())) <= 80
        assert model["workers"][0]["startTime"] in text
        assert str(model["workers"][0]["pid"]) in text


def test_status_does_not_count_itself(site):
    """However often it is asked, and probes with it: what it shows are other people's requests."""
    site.good("start", "--detach", *OPTIONS)

    def requests():
        return json.loads(site.good("status", "--json"))["requests"]

    assert requests() == {"2XX": 0, "4XX": 0, "5XX": 0}
    for path in ("/ping", "/readyz"):
        assert site.get("inference", path).status_code == 200
    assert requests() == {"2XX": 0, "4XX": 0, "5XX": 0}
    for name in ("noop", "noop", "unknown"):
        httpx.post(f"{site.inference}/predictions/{name}", content=b"x")
    assert requests() == {"2XX": 2, "4XX": 1, "5XX": 0}


def test_a_server_without_the_model_api(site):
    """Whoever registers or unregisters is told which option turns it on; scaling needs none."""
    site.good("start", "--detach", "--ncs", "--dt")
    for words in (("register", "noop.mar", "--name", "other"), ("unregister", "noop")):
        done = site.run("models", *words)
        assert done.returncode == 1
        assert "405 MethodNotAllowedException" in done.stderr
        assert "--enable-model-api" in done.stderr
        assert "enable_model_api=true" in done.stderr
    site.good("models", "scale", "noop", "--workers", "1")
    refused = site.run("models", "scale", "unknown", "--workers", "1")
    assert "--enable-model-api" not in refused.stderr


def test_what_the_server_has_to_say_besides(site, capsys):
    """Its warnings are shown, with an answer and with a refusal, without mixing into the answer."""
    from servescope.cli.client.endpoints import RefusedError, call, open_client
    from servescope.cli.models.calls import show

    site.good("start", "--detach", *OPTIONS)
    with open_client(site.urls["management"], None, 10) as client:
        with pytest.raises(RefusedError, match=r"\nWarning: unknown parameter odd is ignored$"):
            call(client, "POST", "/models", {"odd": "1"})
        answer = call(client, "PUT", "/models/noop", {"odd": "1"})
    assert answer["warnings"] == ["unknown parameter odd is ignored"]
    show(answer)
    assert capsys.readouterr() == ("Processing worker updates...\n", "Warning: unknown parameter odd is ignored\n")


def test_stop_of_a_stopped_server(site):
    """SIGSTOP is what holds it, and what is said; it ends once it goes on."""
    site.good("start", "--detach", *OPTIONS)
    pid = site.pid()
    os.kill(pid, signal.SIGSTOP)
    try:
        done = site.run("stop", "--timeout", "2")
    finally:
        os.kill(pid, signal.SIGCONT)
    assert done.returncode == 1
    assert f"Process {pid} is stopped (by SIGSTOP or Ctrl-Z), and cannot end: `kill -CONT {pid}`" in done.stdout
    assert "requests in hand" not in done.stdout
    wait_until(lambda: "not running" in site.good("stop"))


def test_another_users_server_does_not_stand_in_the_way(site):
    """A run file that cannot be read is no matter where the address is given."""
    site.good("start", "--detach", *OPTIONS)
    odd = site.directory / "odd"
    (odd / ".servescope.pid").mkdir(parents=True)
    there = {**site.environ, "TEMP": str(odd)}
    words = [*COMMAND, "models", "list"]
    done = subprocess.run(words, cwd=site.directory, env=there, capture_output=True, text=True, timeout=PATIENCE_S)
    assert (done.returncode, "cannot be read: Is a directory" in done.stderr) == (1, True)
    words += ["--management-address", site.urls["management"]]
    done = subprocess.run(words, cwd=site.directory, env=there, capture_output=True, text=True, timeout=PATIENCE_S)
    assert (done.returncode, "noop" in done.stdout) == (0, True), done.stderr


def test_ctrl_c_while_the_demos_workers_load(tmp_path):
    """Is answered at once, and leaves nobody behind."""
    slow = tmp_path / "site/sitecustomize.py"
    slow.parent.mkdir()
    slow.write_text("import sys, time\n'servescope.worker' in sys.orig_argv and time.sleep(600)\n")
    command = [*COMMAND, "demo", "--once", "--directory", str(tmp_path / "demo")]
    environ = os.environ | {"PATH": str(tmp_path), "PYTHONPATH": os.pathsep.join([str(slow.parent), *sys.path])}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    with subprocess.Popen(command, cwd=tmp_path, env=environ, **pipes) as demo:
        try:
            told = next(line for line in demo.stdout if line.startswith("3. Server"))
            demo.send_signal(signal.SIGINT)
            assert demo.wait(PATIENCE_S) == 130
        finally:
            demo.kill()
    (pid,) = re.findall(r"process (\d+)", told)
    assert not os.path.exists(f"/proc/{pid}")
