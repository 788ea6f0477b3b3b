"""A worker that has long been fast is given batches ahead; what becomes of these when it is fast no more."""

import os
import signal
import socket

import pytest

pytestmark = pytest.mark.integration

TURNS_SLOW = """
import os, pathlib, time

NOTES = pathlib.Path(os.environ["NOTES"])

def handle(data, context):
    if data is None:
        return None
    want = data[0]["body"].decode()
    if want == "fast":
        return ["fast"]
    notes = NOTES / context.model_name
    (notes / (want + ".began")).touch()
    while want.startswith("gate") and not (notes / (want + ".go")).exists():
        time.sleep(0.005)
    if want.startswith("sleep"):
        time.sleep(0.6)
    return ["done " + want]
"""


@pytest.fixture
def fast(deploy, server):
    """A model whose one worker has answered 400 requests in a few microseconds each; its time limit is a second."""
    model = deploy(TURNS_SLOW, config="responseTimeout: 1\nmaxWorkers: 1\nminWorkers: 1\n")
    request = f"POST {model.path} HTTP/1.1\r\nhost: h\r\ncontent-length: 4\r\n\r\nfast".encode()
    with socket.create_connection(("127.0.0.1", server.ports["inference"])) as client, client.makefile("rb") as answers:
        for _ in range(4):
            client.sendall(request * 100)
            for _ in range(100):
                while answers.readline() != b"\r\n":
                    pass
                assert answers.read(4) == b"fast"
    return model


def test_the_time_limit_counts_from_the_handlers_start(fast):
    """Three of 0.6 s one after another: each within its second, though the last was sent 1.2 s before its turn."""
    answers = [fast.send(f"sleep{number}") for number in range(3)]
    assert [answer.result().status_code for answer in answers] == [200] * 3


def test_what_a_dead_worker_had_not_begun_is_done_by_the_next(fast):
    """Only the request in the handler's hands is lost."""
    held = fast.hold()
    waiting = [fast.send(f"next{number}") for number in range(8)]
    (pid,) = fast.pids()
    os.kill(pid, signal.SIGKILL)
    assert held.result().status_code == 507
    assert sorted(answer.result().text for answer in waiting) == [f"done next{number}" for number in range(8)]


def test_what_a_hanging_worker_had_not_begun_is_done_by_the_next(fast):
    """The same where the time limit ended it."""
    held = fast.hold()
    waiting = [fast.send(f"next{number}") for number in range(8)]
    assert held.result().json()["message"] == "Worker died."
    assert [answer.result().status_code for answer in waiting] == [200] * 8
