"""Batches, the queue in front of them, and the deadlines of those who wait in it."""

import time

import pytest

from integration.server import hang_up, wait_until

pytestmark = pytest.mark.integration


def test_a_full_batch_leaves_at_once(deploy):
    """Four requests are one batch of four, though the delay would keep them for ten minutes."""
    model = deploy(batch_size=4, max_batch_delay=600_000)
    answers = [model.send(f"r{number}") for number in range(4)]
    assert [answer.result().text for answer in answers] == ["4"] * 4


@pytest.mark.parametrize(("capacity", "size"), [(1, 4), (5, 20)])
def test_a_queue_shorter_than_a_batch(deploy, server, capacity, size):
    """A batch's worth of requests at once are all served, as TorchServe serves them; nothing is queued, nobody refused."""
    model = deploy(config=f"jobQueueSize: {capacity}\n", batch_size=size, max_batch_delay=600_000)
    answers = [model.send(f"r{number}") for number in range(size - 1)]
    wait_until(lambda: server.metrics("servescope_requests_in_flight", model_name=model.name) == size - 1)
    assert server.metrics("servescope_queue_depth", model_name=model.name) == 0
    assert model.describe()["jobQueueStatus"] == {"remainingCapacity": capacity, "pendingRequests": 0}
    answers.append(model.send("last"))
    assert [answer.result().text for answer in answers] == [str(size)] * size
    assert server.metrics("servescope_rejected_total", model_name=model.name, reason="queue_full") == 0


def test_a_batch_waits_for_its_delay(deploy):
    """Two requests of four leave together, and no sooner than the delay says."""
    model = deploy(batch_size=4, max_batch_delay=400)
    began = time.monotonic()
    answers = [model.send("one"), model.send("two")]
    assert [answer.result().text for answer in answers] == ["2", "2"]
    assert time.monotonic() - began >= 0.4
    assert sorted(model.runs()[0].split()) == ["one", "two"]


def test_no_batching_without_batch_size(deploy):
    """One request a call by default, in the order in which they came."""
    model = deploy()
    held = model.hold()
    waiting = []
    for number in range(3):
        waiting.append(model.send(f"r{number}"))
        model.pending(number + 1)
    model.open()
    assert held.result().text == "1"
    assert [answer.result().text for answer in waiting] == ["1"] * 3
    assert model.runs() == ["gate", "r0", "r1", "r2"]


def test_what_has_queued_up_leaves_in_full_batches(deploy):
    """Behind a busy worker: seven requests in batches of three."""
    model = deploy(batch_size=3, max_batch_delay=1)
    held = model.hold()
    waiting = [model.send(f"r{number}") for number in range(7)]
    model.pending(7)
    model.open()
    assert held.result().text == "1"
    assert sorted(answer.result().text for answer in waiting) == ["1", "3", "3", "3", "3", "3", "3"]


def test_the_yaml_gives_what_the_api_leaves_open(deploy):
    """The API wins over the yaml for batch_size and max_batch_delay, the yaml for workers and responseTimeout."""
    config = "batchSize: 2\nmaxBatchDelay: 70\nresponseTimeout: 9\nminWorkers: 2\nmaxWorkers: 3\n"
    fields = ("batchSize", "maxBatchDelay", "responseTimeout", "minWorkers", "maxWorkers")
    described = deploy(config=config, response_timeout=33).describe()
    assert [described[field] for field in fields] == [2, 70, 9, 2, 3]
    described = deploy(config=config, batch_size=5, max_batch_delay=6).describe()
    assert [described[field] for field in fields] == [5, 6, 9, 2, 3]
    described = deploy(response_timeout=33).describe()
    assert [described[field] for field in fields] == [1, 100, 33, 1, 1]


def test_a_full_queue_refuses(deploy, server):
    """503 with the contract's text and when to come back; it is counted, and who waits is served."""
    model = deploy(config="jobQueueSize: 2\nminWorkers: 1\nmaxWorkers: 1\n")
    held = model.hold()
    waiting = [model.send("one"), model.send("two")]
    model.pending(2)
    assert model.describe()["jobQueueStatus"] == {"remainingCapacity": 0, "pendingRequests": 2}
    refused = model.predict("three")
    assert refused.status_code == 503
    assert refused.json()["type"] == "ServiceUnavailableException"
    assert refused.json()["message"].startswith(f'Model "{model.name}" has no worker to serve inference request.')
    assert refused.json()["message"].endswith("or exceeds maxSequenceJobQueueSize The queue is full (2).")
    assert int(refused.headers["retry-after"]) >= 1
    assert server.metrics("servescope_rejected_total", model_name=model.name, reason="queue_full") == 1
    model.open()
    assert [answer.result().status_code for answer in [held, *waiting]] == [200] * 3


def test_when_to_come_back_to_a_full_queue(deploy):
    """As long as the queue takes, by what requests have taken so far."""
    code = "import time\n\ndef handle(data, context):\n    return data and [time.sleep(0.4) or 'ok' for _ in data]\n"
    model = deploy(code, config="jobQueueSize: 4\nminWorkers: 1\nmaxWorkers: 1\n")
    assert model.predict("one").text == "ok"
    answers = [answer.result() for answer in [model.send("many") for _ in range(12)]]
    refused = [answer for answer in answers if answer.status_code == 503]
    assert refused
    assert min(int(answer.headers["retry-after"]) for answer in refused) >= 2  # four requests of 0.4 s


def test_a_clients_deadline(deploy, server):
    """clientTimeoutInMills: 408 for the request in hand and the one in the queue, which never runs."""
    model = deploy(config="clientTimeoutInMills: 300\nminWorkers: 1\nmaxWorkers: 1\n")
    held = model.hold()
    waiting = model.send("late")
    for answer in (held.result(), waiting.result()):
        assert answer.status_code == 408
        assert answer.json()["type"] == "RequestTimeoutException"
    assert server.metrics("servescope_rejected_total", model_name=model.name, reason="deadline") == 2
    model.open()
    assert model.predict("after").status_code == 200
    assert model.runs() == ["gate", "after"]


def test_a_worker_that_does_not_answer_in_time(deploy, server):
    """responseTimeout: 500, a new worker, and whoever was in the queue is served by it."""
    model = deploy(config="responseTimeout: 1\nminWorkers: 1\nmaxWorkers: 1\n")
    (before,) = model.pids()
    held = model.hold()
    waiting = model.send("next")
    answer = held.result()
    assert (answer.status_code, answer.json()["message"]) == (500, "Worker died.")
    assert waiting.result().status_code == 200
    assert model.pids() != [before]
    assert server.metrics("servescope_worker_restarts_total", model_name=model.name, reason="timeout") == 1


ASYNC = """
import asyncio, os, pathlib

NOTES = pathlib.Path(os.environ["NOTES"])

class Patient:
    async def initialize(self, context):
        self.notes = NOTES / context.model_name

    async def handle(self, data, context):
        want = data[0]["body"].decode()
        (self.notes / (want + ".began")).touch()
        try:
            while want.startswith("gate") and not (self.notes / (want + ".go")).exists():
                await asyncio.sleep(0.005)
        except asyncio.CancelledError:
            (self.notes / (want + ".cancelled")).touch()
            raise
        return ["done"]
"""


def test_an_asynchronous_request_that_is_not_answered_in_time(deploy, server):
    """It alone fails and is cancelled; its worker goes on with what came later."""
    model = deploy(ASYNC, config="responseTimeout: 1\nminWorkers: 1\nmaxWorkers: 1\nasyncCommunication: true\n")
    (before,) = model.pids()
    answer = model.hold("gate-1").result()
    assert (answer.status_code, answer.json()["message"]) == (500, "Worker died.")
    wait_until((model.notes / "gate-1.cancelled").exists)
    assert model.predict("next").text == "done"
    assert model.pids() == [before]
    assert server.metrics("servescope_worker_restarts_total", model_name=model.name, reason="timeout") == 0
    assert server.metrics("servescope_requests_in_flight", model_name=model.name) == 0


def test_jobs_of_clients_that_hung_up_are_not_run(deploy, server):
    """They leave the queue at once; the others keep their order."""
    model = deploy()
    held = model.hold()
    gone = hang_up(server.ports["inference"], model.path, b"gone")
    model.pending(1)
    waiting = model.send("stays")
    model.pending(2)
    gone.close()
    model.pending(1)
    model.open()
    assert [held.result().text, waiting.result().text] == ["1", "1"]
    assert model.runs() == ["gate", "stays"]


LOADS_FOR_EVER = "import time\n\ndef handle(data, context):\n    time.sleep(600)\n"


def test_unregistering_when_all_who_waited_have_hung_up(deploy, server):
    """A queue emptied by hang-ups is at rest: DELETE does not wait for its time limit, which would be a 408."""
    model = deploy(LOADS_FOR_EVER, expect=202, synchronous="false")
    gone = hang_up(server.ports["inference"], model.path, b"gone")
    model.pending(1)
    deleting = model.delete()
    gone.close()
    assert deleting.result().status_code == 200


def test_unregistering_when_all_who_waited_ran_out_of_time(deploy, server):
    """The same where clientTimeoutInMills emptied it."""
    config = "clientTimeoutInMills: 500\nminWorkers: 1\nmaxWorkers: 1\n"
    model = deploy(LOADS_FOR_EVER, config, expect=202, synchronous="false")
    late = model.send("late")
    model.pending(1)
    deleting = model.delete()
    assert late.result().status_code == 408
    assert deleting.result().status_code == 200


def test_unregistering_when_the_workers_are_given_up(deploy, server):
    """The same where nobody is left to wait for."""
    config = "maxRetryTimeoutInSec: 1\nminWorkers: 1\nmaxWorkers: 1\n"
    model = deploy("raise ValueError\n", config, expect=202, synchronous="false")
    waiting = model.send("waits")
    model.pending(1)
    deleting = model.delete()
    assert waiting.result().status_code == 503
    assert deleting.result().status_code == 200
