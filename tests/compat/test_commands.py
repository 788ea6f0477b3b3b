"""The commands as a script has them: a server started, found running and stopped in TorchServe's words; archives; the launcher."""

import json
import signal
import zipfile
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from integration.server import addresses, own_ports, properties, wait_until

pytestmark = pytest.mark.integration

ECHO = "def handle(data, context): return data and [row['body'] for row in data]\n"
SLOW = """
import pathlib, time

def handle(data, context):
    if data is None:
        return None
    pathlib.Path(data[0]["body"].decode()).touch()
    time.sleep(1)
    return ["late"]
"""
LAUNCH = """
import json, sys
from ts.launcher import register_model, start, stop

said = start("store", snapshot_file="config.properties", no_config_snapshots=True, disable_token=True, enable_model_api=True)
try:
    answer = register_model("given", "echo.mar")
    print("REGISTERED", answer.status_code, json.dumps(answer.json()))
finally:
    stop()
lines = list(iter(said.get, None))
print("LINES", sum("given" in line for line in lines))
"""


@pytest.fixture
def ports(outside):
    """A store with an archive that the command made, and ports of the test's own."""
    (outside.directory / "store").mkdir()
    (outside.directory / "h.py").write_text(ECHO)
    words = "--model-name echo --version 1.0 --handler h.py --export-path store"
    packed = outside.script("torch-model-archiver", *words.split())
    assert (packed.returncode, packed.stdout, packed.stderr) == (0, "", "")
    ports = own_ports()
    lines = addresses(ports) | {"default_workers_per_model": "1", "disable_system_metrics": "true"}
    (outside.directory / "config.properties").write_text(properties(lines))
    yield ports
    outside.script("torchserve", "--stop", "--foreground")


def test_a_servers_life(outside, ports):
    """Started in the background, it says on standard output that it has; a second one is refused; it is stopped once."""
    words = "--start --model-store store --ts-config config.properties --models echo.mar --ncs --disable-token-auth"
    started = outside.script("torchserve", *words.split())
    assert (started.returncode, started.stderr) == (0, "")
    assert "Model server started." in started.stdout
    base = f"http://127.0.0.1:{ports['inference']}"
    assert httpx.post(f"{base}/predictions/echo", content=b"\x00hello", timeout=60).content == b"\x00hello"

    second = outside.script("torchserve", "--start", "--model-store", "store")
    assert second.returncode == 1
    assert second.stdout.startswith("TorchServe is already running, please use torchserve --stop to stop TorchServe.")
    stopped = outside.script("torchserve", "--stop")
    assert (stopped.returncode, stopped.stdout.splitlines()[-1]) == (0, "TorchServe has stopped.")
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{base}/ping")
    again = outside.script("torchserve", "--stop")
    assert (again.returncode, again.stdout) == (0, "TorchServe is not currently running.\n")


def test_a_server_whose_reader_has_gone(outside, ports):
    """`torchserve --start | grep -m1 started`: the pipe is the server's standard output, and it serves on without it."""
    words = "--start --model-store store --ts-config config.properties --models echo.mar --ncs --disable-token-auth"
    with outside.begin("torchserve", *words.split()) as started:
        assert any(b"Model server started." in line for line in started.stdout)
        started.stdout.close()
    assert started.returncode == 0
    for body in (b"a", b"b"):
        answer = httpx.post(f"http://127.0.0.1:{ports['inference']}/predictions/echo", content=body, timeout=60)
        assert answer.content == body


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_the_foreground(outside, ports, number):
    """Ctrl-C, or what a container is stopped with: what is in hand is answered, and the command ends with 0 and leaves nothing."""
    (outside.directory / "h.py").write_text(SLOW)
    packing = "--model-name slow --version 1.0 --handler h.py --export-path store"
    assert outside.script("torch-model-archiver", *packing.split()).returncode == 0
    words = "--start --foreground --model-store store --ts-config config.properties --models slow.mar --ncs --dt"
    url = f"http://127.0.0.1:{ports['inference']}/predictions/slow"
    with outside.begin("torchserve", *words.split()) as server, ThreadPoolExecutor(1) as thread:
        assert any(b"Model server started." in line for line in server.stdout)
        in_hand = thread.submit(httpx.post, url, content=str(outside.directory / "began"), timeout=60)
        wait_until((outside.directory / "began").exists, "the handler")
        server.send_signal(number)
        said = server.stdout.read().decode()
    assert (in_hand.result().status_code, in_hand.result().text) == (200, "late")
    assert server.returncode == 0, said
    assert outside.script("torchserve", "--stop").stdout == "TorchServe is not currently running.\n"


def test_a_server_that_cannot_start(outside, ports):
    """TorchServe's launcher returns 0 and leaves nothing behind; here the reason is said, with status 1."""
    config = outside.directory / "config.properties"
    config.write_text(config.read_text() + "inference_address=nope\n")
    words = "--start --model-store store --ts-config config.properties --ncs"
    failed = outside.script("torchserve", *words.split())
    assert failed.returncode == 1
    assert "inference_address='nope' is no address" in failed.stdout


def test_the_launcher(outside, ports):
    """It starts a server, registers a model where that listens, hands out what it says, and stops it."""
    result = outside.python("-c", LAUNCH)
    assert result.returncode == 0, result.stdout + result.stderr
    said = result.stdout.splitlines()
    (registered,) = (line for line in said if line.startswith("REGISTERED"))
    _, status, body = registered.split(" ", 2)
    told = {"status": 'Model "given" Version: 1.0 registered with 1 initial workers'}
    assert (status, json.loads(body)) == ("200", told)
    (lines,) = (line for line in said if line.startswith("LINES"))
    assert int(lines.split()[1]) > 0, result.stdout


def test_a_workflow_archive(outside):
    """`torch-workflow-archiver` writes a `.war`, and refuses to overwrite it in a line on standard error."""
    (outside.directory / "dag.yaml").write_text("models: {}\n")
    words = ("--workflow-name", "w", "--spec-file", "dag.yaml")
    assert outside.script("torch-workflow-archiver", *words).returncode == 0
    assert zipfile.is_zipfile(outside.directory / "w.war")
    again = outside.script("torch-workflow-archiver", *words)
    assert (again.returncode, again.stdout) == (1, "")
    assert again.stderr == "ERROR - w.war already exists: give --force to overwrite it\n"


def test_the_launcher_of_language_models(outside):
    """`python -m ts.llm_launcher` names the engine that is not there."""
    result = outside.python("-m", "ts.llm_launcher", "--engine", "trt_llm")
    assert (result.returncode, result.stdout) == (1, "--engine 'trt_llm': only vllm is there\n")
