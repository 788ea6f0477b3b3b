"""A standard output that nobody reads: it holds up no request, no start and no end, and what is lost there is told."""

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager, suppress

import httpx
import pytest

from integration.net_server import log, predict, serving
from integration.server import COMMAND, PATIENCE_S, addresses, own_ports, properties, wait_until
from integration.unread import KINDS, unread

pytestmark = pytest.mark.integration

PRINTS = """
def handle(data, context):
    if data is None:
        return None
    print("x" * 500)
    return ["ok"] * len(data)
"""
# What models print to standard output, by a handler of Python's own, and what the server says to standard error.
LOG_CONFIG = {
    "version": 1,
    "handlers": {
        "shown": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout"},
        "said": {"class": "logging.StreamHandler"},
    },
    "loggers": {
        "MODEL_LOG": {"handlers": ["shown"], "level": "DEBUG", "propagate": False},
        "servescope": {"handlers": ["said"], "level": "DEBUG", "propagate": False},
    },
}
REQUESTS = 700  # a pipe holds 64 KiB
WAYS = [*((kind, False) for kind in KINDS), ("pipe", True), ("non-blocking terminal", True)]


@contextmanager
def printing(tmp_path, kind, configured):
    """A server whose output nobody reads yet, and that output; `configured`: by --log-config."""
    (tmp_path / "logging.json").write_text(json.dumps(LOG_CONFIG))
    arguments = ("--log-config", str(tmp_path / "logging.json")) if configured else ()
    with (
        unread(tmp_path, kind) as screen,
        serving(tmp_path, models={"prints": PRINTS}, before=screen.before, arguments=arguments) as server,
    ):
        yield screen, server


@pytest.mark.parametrize(("kind", "configured"), WAYS)
def test_requests_are_answered(tmp_path, kind, configured):
    """And nothing is lost: once somebody reads, all is there, in order."""
    with printing(tmp_path, kind, configured) as (screen, server):
        for number in range(REQUESTS):
            assert predict(server, f"/predictions/prints?n={number}").status_code == 200
        text = screen.reads_until(f"?n={REQUESTS - 1} ")
        places = [text.find(f"?n={number} ") for number in range(REQUESTS)]
        assert (places, places[0] > 0) == (sorted(places), True)
        assert text.count("x" * 500) >= REQUESTS - 1
        for stream in ("stdout", "stderr"):
            assert server.metrics("servescope_log_lost_lines_total", log=stream) == 0


@pytest.mark.parametrize(("kind", "configured"), WAYS)
def test_the_server_ends(tmp_path, kind, configured):
    """With its status, although it cannot say so; the files have all."""
    with printing(tmp_path, kind, configured) as (_, server):
        for _ in range(REQUESTS):
            assert predict(server, "/predictions/prints").status_code == 200
        server.process.terminate()
        assert server.process.wait(PATIENCE_S) == 0
    assert log(server, "access_log.log").count("POST /predictions") == REQUESTS


def test_the_end_of_one_that_is_read(tmp_path):
    """Its last lines are there, its handlers' too: also what a MemoryHandler holds until the process ends."""
    memory = {"class": "logging.handlers.MemoryHandler", "capacity": 10_000, "target": "said"}
    held = LOG_CONFIG | {"handlers": LOG_CONFIG["handlers"] | {"held": memory}}
    held["loggers"] = {"mine": {"handlers": ["held"], "level": "INFO"}, "": {"handlers": ["held"], "level": "INFO"}}
    (tmp_path / "logging.json").write_text(json.dumps(held))
    with (
        unread(tmp_path, "pipe") as screen,
        serving(
            tmp_path, models={}, before=screen.before, arguments=("--log-config", str(tmp_path / "logging.json"))
        ) as server,
    ):
        server.process.terminate()
        assert server.process.wait(PATIENCE_S) == 0
        text = screen.reads_until("Model server started.")
    assert "Inference API bind to" in text


TALKS = """
def handle(data, context):
    if data is None:
        return None
    for _ in range(100):
        print("x" * 10_000)
    return ["ok"] * len(data)
"""


def lost(server, stream="stdout"):
    return server.metrics("servescope_log_lost_lines_total", log=stream)


def test_what_is_lost_is_told(tmp_path):
    """/metrics counts it, from 0, for each file and both streams; ts_log.log has a line when it begins, and one when it is over,
    which is on standard output too.
    """
    with (
        unread(tmp_path, "pipe") as screen,
        serving(tmp_path, {"ts_log_includes": "none"}, {"talks": TALKS}, before=screen.before) as server,
    ):
        names = ("access_log", "ts_log", "model_log", "ts_metrics", "model_metrics", "stdout", "stderr")
        assert [lost(server, name) for name in names] == [0] * 7
        for _ in range(64):  # MiB wait, and these are a few less
            assert predict(server, "/predictions/talks").status_code == 200
        model_log = server.directory / "logs" / "model_log.log"
        wait_until(lambda: model_log.stat().st_size > 6400 * 10_000, "what was printed")
        assert lost(server) == 0
        while not lost(server):
            assert predict(server, "/predictions/talks").status_code == 200
        wait_until(lambda: "stdout loses lines from now on: 64 MiB wait to be read" in log(server, "ts_log.log"))
        screen.reads_until("lines, and takes lines again")
        assert f"stdout has lost {lost(server):.0f} lines, and takes lines again" in log(server, "ts_log.log")
        assert [lost(server, name) for name in names if name != "stdout"] == [0] * 6


def test_a_reader_that_has_gone(tmp_path):
    """Each line is counted, and the reason is told once."""
    with (
        unread(tmp_path, "pipe") as screen,
        serving(tmp_path, models={"prints": PRINTS}, before=screen.before) as server,
    ):
        screen.goes()
        before = lost(server)
        for _ in range(10):
            assert predict(server, "/predictions/prints").status_code == 200
        wait_until(lambda: lost(server) >= before + 20, "10 access lines and 10 of the model")
        wait_until(lambda: "stdout loses lines from now on: Broken pipe" in log(server, "ts_log.log"))
        assert log(server, "ts_log.log").count("loses lines") == 1


def test_a_full_disk(tmp_path):
    """As of a file that the shell has redirected standard output to: the same."""
    full = ("sh", "-c", 'exec "$0" "$@" > /dev/full 2>&1')
    with serving(tmp_path, models={"prints": PRINTS}, before=full) as server:
        assert predict(server, "/predictions/prints").status_code == 200
        wait_until(lambda: lost(server) > 2, "the access line and the model's")
        wait_until(lambda: "stdout loses lines from now on: No space left on device" in log(server, "ts_log.log"))


MAIN = {"servescope": "servescope.cli.main", "torchserve": "servescope.cli.torchserve.command"}
LLM_LAUNCHER = [sys.executable, "-c", "from servescope.cli.torchserve.llm_launcher import main; main()"]


@pytest.fixture
def place(tmp_path):
    """With a model store, and settings of which each has something wrong with it."""
    (tmp_path / "store").mkdir()
    (tmp_path / "elsewhere.properties").write_text("inference_address=http://192.0.2.1:8080\nmodel_store=store\n")
    (tmp_path / "broken.json").write_text("{")
    return tmp_path


def ended(place, screen, command):
    """The exit status of a command that writes to a screen."""
    environ = os.environ | {"TEMP": str(place)}
    with subprocess.Popen([*screen.before, *command], cwd=place, env=environ) as process:
        try:
            return process.wait(PATIENCE_S)
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("kind", "words", "status"),
    [
        *((kind, "servescope start --ts-config elsewhere.properties", 1) for kind in KINDS[1:]),
        ("pipe", "servescope start --ts-config absent.properties", 1),
        ("pipe", "servescope start --nonsense", 2),
        ("pipe", "servescope start --ts-config elsewhere.properties", 1),
        ("pipe", "servescope start --model-store store --log-config broken.json", 1),
        ("pipe", "servescope llm ./absent", 1),
        ("pipe", "servescope llm", 2),
        ("pipe", "torchserve --start --foreground --ts-config absent.properties", 1),
        ("pipe", "torchserve --start --foreground --ts-config elsewhere.properties", 1),
        ("pipe", "torchserve --start --foreground --nonsense", 2),
        ("pipe", "llm_launcher --engine none", 1),
    ],
)
def test_a_start_that_fails(place, kind, words, status):
    """And can say so nowhere: it ends with its status."""
    name, *more = words.split()
    command = [*LLM_LAUNCHER, *more] if name == "llm_launcher" else [sys.executable, "-m", MAIN[name], *more]
    with unread(place, kind, full=True) as screen:
        assert ended(place, screen, command) == status


def test_a_start_that_fails_as_nobody_expected(place):
    """The same: a traceback that nobody reads keeps it from nothing."""
    (place / "gone").mkdir()
    command = ["sh", "-c", 'cd gone && rmdir ../gone && exec "$0" "$@"', *COMMAND, "start"]
    with unread(place, "pipe", full=True) as screen:
        assert ended(place, screen, command) == 1


def test_it_is_said_where_somebody_reads(place):
    """In a line, or as a traceback."""
    (place / "gone").mkdir()
    for command, said in (
        (
            [*COMMAND, "start", "--ts-config", "absent.properties"],
            "servescope: --ts-config='absent.properties': there is no such file",
        ),
        (["sh", "-c", 'cd gone && rmdir ../gone && exec "$0" "$@"', *COMMAND, "start"], "FileNotFoundError"),
    ):
        done = subprocess.run(command, cwd=place, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (1, "")
        assert said in done.stderr


@pytest.fixture
def tiny(tmp_path):
    """A model, and a package that is called vllm and does not load, so that `servescope llm` has something to say of it."""
    for name in ("tiny", "temp", "vllm"):
        (tmp_path / name).mkdir()
    (tmp_path / "vllm" / "__init__.py").write_text("raise ImportError('this is no engine')\n")
    ports = own_ports()
    (tmp_path / "my.properties").write_text(properties(addresses(ports) | {"enable_grpc": "false"}))
    return tmp_path, ports


@pytest.mark.parametrize("kind", KINDS[:3])
def test_what_servescope_llm_says(tiny, kind):
    """Holds up no request and no end, and leaves nothing behind."""
    directory, ports = tiny
    path = os.pathsep.join([str(directory), *sys.path])
    environ = os.environ | {"TEMP": str(directory / "temp"), "PYTHONPATH": path}
    words = ["llm", "./tiny", "--ts-config", "my.properties", "--disable-token-auth"]
    with unread(directory, kind, full=True) as screen:
        process = subprocess.Popen([*screen.before, *COMMAND, *words], cwd=directory, env=environ)
        try:
            ts_log = directory / "logs" / "ts_log.log"
            wait_until(lambda: ts_log.exists() and "tiny_1.0 ended: " in ts_log.read_text(), "the engine to fail")
            answer = httpx.get(f"http://127.0.0.1:{ports['inference']}/v2/models/tiny", timeout=PATIENCE_S)
            assert answer.status_code < 500
            assert [*(directory / "temp").glob("servescope-llm-*")]
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE_S) == 0
        finally:
            with suppress(ProcessLookupError):
                process.kill()
            process.wait()
        assert not [*(directory / "temp").glob("servescope-llm-*")]
