"""Asynchronous handlers: requests side by side in one worker, and none in another's way."""

import pytest

from integration.server import hang_up, wait_until

pytestmark = pytest.mark.integration

ASYNC = """
import asyncio, os, pathlib
from ts.handler_utils.utils import send_intermediate_predict_response

NOTES = pathlib.Path(os.environ["NOTES"])

class Meeting:
    async def initialize(self, context):
        self.here = 0
        self.most = 0

    async def handle(self, data, context):
        want = data[0]["body"].decode()
        notes = NOTES / context.model_name
        (notes / (want + ".began")).touch()
        self.here += 1
        self.most = max(self.most, self.here)
        try:
            return await self.answer(want, notes, context)
        except asyncio.CancelledError:
            (notes / (want + ".cancelled")).touch()
            raise
        finally:
            self.here -= 1

    async def answer(self, want, notes, context):
        kind, _, number = want.partition("-")
        if kind == "most":
            return [str(self.most)]
        if kind == "exit":
            os._exit(3)
        if kind == "meet":
            while self.most < 5:
                await asyncio.sleep(0.005)
        if kind == "own":
            context.set_response_status(200 + int(number))
            context.set_response_header(0, "x-model-note", number)
            context.metrics.add_counter("Own" + number, 1)
            while self.here < 4 and not (notes / "met").exists():
                await asyncio.sleep(0.005)
            (notes / "met").touch()
            return [number + " " + context.get_request_header(0, "x-probe") + " " + context.get_request_id(0)]
        if kind == "stream":
            for piece in range(3):
                send_intermediate_predict_response([number * 3], context.request_ids, "ok", 200, context)
                await asyncio.sleep(0.01)
        if kind == "gate":
            while not (notes / (want + ".go")).exists():
                await asyncio.sleep(0.005)
        if kind == "raise":
            raise ValueError(want)
        return ["done " + number]
"""


def test_requests_overlap_in_one_worker(deploy):
    """Five that wait for one another all end, which one after the other they could not."""
    model = deploy(ASYNC)
    answers = [model.send(f"meet-{number}") for number in range(5)]
    assert [answer.result().text for answer in answers] == [f"done {number}" for number in range(5)]
    assert int(model.predict("most").text) >= 5
    assert len(model.describe()["workers"]) == 1


def test_so_many_at_once(deploy, server):
    """The third waits in the queue, and the fourth is refused and counted; the third goes when one of the two has ended."""
    model = deploy(ASYNC, config="maxConcurrency: 2\njobQueueSize: 1\nminWorkers: 1\nmaxWorkers: 1\n")
    first, second = model.hold("gate-1"), model.hold("gate-2")
    third = model.send("gate-3")
    model.pending(1)
    assert model.predict("gate-4").status_code == 503
    assert server.metrics("servescope_rejected_total", model_name=model.name, reason="queue_full") == 1
    model.open("gate-1")
    model.began("gate-3")
    model.open("gate-2")
    model.open("gate-3")
    assert [answer.result().text for answer in (first, second, third)] == ["done 1", "done 2", "done 3"]


def test_each_request_has_a_context_of_its_own(deploy, server):
    """Status, headers, id and metrics of four requests at the same time: to each its own."""
    model = deploy(ASYNC)

    def ask(number):
        return model.predict(f"own-{number}", x_probe=f"probe{number}", x_request_id=f"id{number}")

    answers = [future.result() for future in [server.threads.submit(ask, number) for number in range(4)]]
    for number, answer in enumerate(answers):
        assert answer.status_code == 200 + number
        assert answer.headers["x-model-note"] == str(number)
        assert answer.headers["x-request-id"] == f"id{number}"
        assert answer.text in (f"{number} probe{number} id{number}", "")  # 204 has no body
        assert server.metrics(f"Own{number}", ModelName=model.name) == 1


def test_an_error_is_that_requests_alone(deploy):
    """One raises while two wait: they get their answers."""
    model = deploy(ASYNC)
    waiting = [model.hold("gate-1"), model.hold("gate-2")]
    failed = model.predict("raise-3")
    assert (failed.status_code, failed.json()["message"]) == (503, "Prediction failed")
    model.open("gate-1")
    model.open("gate-2")
    assert [answer.result().text for answer in waiting] == ["done 1", "done 2"]


def test_a_dead_worker_is_every_requests_error(deploy):
    """All that it had in hand are told, and the next one gets a new worker."""
    model = deploy(ASYNC)
    waiting = [model.hold("gate-1"), model.hold("gate-2"), model.send("exit")]
    assert [answer.result().status_code for answer in waiting] == [500] * 3
    assert model.predict("x-4").text == "done 4"


def test_a_hang_up_cancels_the_task(deploy, server):
    """The handler sees CancelledError; its neighbour goes on."""
    model = deploy(ASYNC)
    held = model.hold("gate-1")
    client = hang_up(server.ports["inference"], model.path, b"gate-2")
    model.began("gate-2")
    client.close()
    wait_until((model.notes / "gate-2.cancelled").exists)
    model.open("gate-1")
    assert held.result().text == "done 1"
    assert not (model.notes / "gate-1.cancelled").exists()


def test_a_hang_up_cancels_a_stream(deploy, server):
    """Also after the first piece is out."""
    code = ASYNC.replace("await asyncio.sleep(0.01)", "await asyncio.sleep(600)")
    model = deploy(code)
    client = hang_up(server.ports["inference"], model.path, b"stream-1")
    assert client.recv(15) == b"HTTP/1.1 200 OK"
    client.close()
    wait_until((model.notes / "stream-1.cancelled").exists)
    assert model.predict("x-1").text == "done 1"


def test_streams_side_by_side(deploy):
    """Six at once, each with its own pieces."""
    model = deploy(ASYNC)
    answers = [model.send(f"stream-{number}") for number in range(6)]
    for number, answer in enumerate(answers):
        assert answer.result().text == str(number) * 9 + f"done {number}"


def test_unregistering_lets_the_tasks_finish(deploy, server):
    """DELETE waits for what is in hand."""
    model = deploy(ASYNC)
    held = [model.hold("gate-1"), model.hold("gate-2")]
    deleting = model.delete()
    model.open("gate-1")
    model.open("gate-2")
    assert [answer.result().text for answer in held] == ["done 1", "done 2"]
    assert deleting.result().status_code == 200
