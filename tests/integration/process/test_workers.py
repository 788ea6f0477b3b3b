"""Handlers and worker processes that go wrong: what the client is told, and that all else goes on."""

import itertools
import os
import random
import signal
from concurrent import futures

import psutil
import pytest

from integration.server import alive, wait_until

pytestmark = pytest.mark.integration

NAUGHTY = """
import os, signal, subprocess, sys, time

def handle(data, context):
    if data is None:
        return None
    want = data[0]["body"].decode()
    if want == "exit":
        os._exit(3)
    if want == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if want == "segv":
        os.kill(os.getpid(), signal.SIGSEGV)
    if want == "hang":
        time.sleep(600)
    if want == "system-exit":
        sys.exit(0)
    if want == "keyboard-interrupt":
        raise KeyboardInterrupt
    if want == "close":
        os.closerange(0, 256)
    if want == "raise":
        raise ValueError("never mind")
    if want == "bad-text":
        class Odd(Exception):
            def __str__(self):
                raise RuntimeError("no text")
        raise Odd
    if want == "wrong-length":
        return ["a", "b"]
    if want == "no-list":
        return {"a": 1}
    if want == "unserialisable":
        return [object()]
    if want == "nan-key":
        return [{(1, 2): 3}]
    if want == "memory":
        raise MemoryError
    if want == "cuda":
        raise RuntimeError("CUDA error: device-side assert triggered")
    if want == "recursion":
        return handle(data, context)
    if want == "bad-header":
        context.set_response_header(0, "x-bad", "a\\r\\nset-cookie: b")
    if want == "bad-status":
        context.set_response_status(code=7)
    if want == "large":
        return [b"x" * 7_000_000]
    if want == "garbage":
        os.write(1, os.urandom(100_000) + b"\\n\\x00\\xff[METRICS]" + b"y" * 200_000)
        os.write(2, b"no end of line")
    if want == "flood":
        print("z" * 5_000_000, flush=True)
    if want == "fork":
        if os.fork() == 0:
            time.sleep(0.05)
            os._exit(0)
    if want == "child":
        child = subprocess.Popen(["sleep", "600"])
        return [str(child.pid)]
    if want == "child-exit":
        subprocess.Popen(["sleep", "600"])
        os._exit(4)
    return ["fine"]
"""

FAILED, DIED = "Prediction failed", "Worker died."


@pytest.mark.parametrize(
    ("want", "status", "message"),
    [
        ("raise", 503, FAILED),
        ("bad-text", 503, FAILED),
        ("recursion", 503, FAILED),
        ("wrong-length", 503, "number of batch response mismatched"),
        ("no-list", 503, "Invalid model predict output"),
        ("unserialisable", 503, "Unsupported model output data type."),
        ("nan-key", 503, "Unsupported model output data type."),
        ("memory", 507, "Out of resources"),
        ("cuda", 507, "Out of resources"),
        ("bad-header", 500, r"Invalid response header 'x-bad': 'a\r\nset-cookie: b'"),
        ("bad-status", 500, "Invalid response status 7"),
        ("large", 500, "an answer of 7000000 bytes; max_response_size is 6553500"),
    ],
)
def test_a_worker_survives_its_handlers_errors(naughty, want, status, message):
    """The contract's error, with the worker that made it still there."""
    before = wait_until(naughty.pids)
    answer = naughty.predict(want)
    assert (answer.status_code, answer.json()) == (
        status,
        {"code": status, "type": "InternalServerException", "message": message},
    )
    assert naughty.predict("well").text == "fine"
    assert naughty.pids() == before


@pytest.mark.parametrize("want", ["garbage", "flood", "fork"])
def test_what_a_handler_may_do(naughty, want):
    """Writing what is no text, or too much of it, or forking, harms nobody."""
    before = wait_until(naughty.pids)
    assert naughty.predict(want).text == "fine"
    assert naughty.predict("well").text == "fine"
    assert naughty.pids() == before


@pytest.mark.parametrize(
    ("want", "status", "reason"),
    [
        ("exit", 500, "exit"),
        ("system-exit", 500, "exit"),
        ("keyboard-interrupt", 500, "signal"),
        ("kill", 507, "signal"),
        ("segv", 500, "signal"),
        ("close", 500, "exit"),
        ("hang", 500, "timeout"),
    ],
)
def test_a_worker_that_ends_is_replaced(deploy, server, want, status, reason):
    """Its request is told so; what comes next waits for the new worker. The restart is counted."""
    model = deploy(NAUGHTY, config="responseTimeout: 1\nminWorkers: 1\nmaxWorkers: 1\n")
    before = model.pids()
    answer = model.predict(want)
    assert (answer.status_code, answer.json()) == (
        status,
        {"code": status, "type": "InternalServerException", "message": DIED},
    )
    assert server.ping() == 200
    assert model.predict("well").text == "fine"
    assert model.pids() != before
    assert server.metrics("servescope_worker_restarts_total", model_name=model.name, reason=reason) == 1


def test_a_killed_workers_children_go_with_it(deploy):
    """What a handler started is ended with a worker that has to be ended by force."""
    model = deploy(NAUGHTY, config="responseTimeout: 1\nminWorkers: 1\nmaxWorkers: 1\n")
    child = psutil.Process(int(model.predict("child").text))
    assert model.predict("hang").status_code == 500
    wait_until(lambda: not alive([child]))


@pytest.mark.parametrize("want", ["child-exit", "exit"])
def test_an_exited_workers_children_go_with_it(deploy, server, want):
    """Also where the worker ended by itself: its process group is empty before another takes its place."""
    model = deploy(NAUGHTY)
    (group,) = model.pids()
    child = psutil.Process(int(model.predict("child").text))
    assert model.predict(want).status_code == 500
    assert model.predict("well").text == "fine"
    assert group not in model.pids()
    wait_until(lambda: not alive([child]))
    assert not [process for process in alive(server.family()) if process.name() == "sleep"]


def test_the_traceback_is_in_the_model_log(naughty, server):
    """With the id of the request that it failed, which is the client's own."""
    assert naughty.predict("raise", x_request_id="find-me-42").headers["x-request-id"] == "find-me-42"
    log = server.directory / "logs" / "model_log.log"
    text = wait_until(lambda: "find-me-42" in (text := log.read_text(errors="replace")) and text)
    assert "ValueError: never mind" in text


STEADY = """
import time
def handle(data, context):
    time.sleep(0.02)
    return data and ["ok"] * len(data)
"""


def test_every_request_is_answered_while_workers_are_killed(deploy, server):
    """300 requests, twelve at a time, while some worker is killed three times a second: 300 answers, whole or 507."""
    model = deploy(STEADY, batch_size=4, max_batch_delay=5, initial_workers=3)
    numbers = itertools.count()
    answers = []

    def client():
        while next(numbers) < 300:
            answers.append(model.predict("x"))

    clients = [server.threads.submit(client) for _ in range(12)]
    choose = random.Random(7)
    kills = 0
    while not all(done.done() for done in clients):
        if pids := model.pids():
            try:
                os.kill(choose.choice(pids), signal.SIGKILL)
                kills += 1
            except ProcessLookupError:
                pass  # another death of the same worker is under way
        futures.wait(clients, 0.35)
    for done in clients:
        done.result()
    assert kills > 0
    assert len(answers) == 300
    assert {answer.status_code for answer in answers} <= {200, 507}
    assert all(answer.text == "ok" if answer.status_code == 200 else DIED in answer.text for answer in answers)
    wait_until(lambda: len(model.pids()) == 3)
    assert model.predict("x").text == "ok"


@pytest.fixture(scope="module")
def naughty(deploy_for_all):
    """A model of the handler that does what it is told."""
    return deploy_for_all(NAUGHTY)
