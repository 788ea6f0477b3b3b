"""However nodes fail, and whoever leaves: one answer, retries as they are asked for, and nothing that goes on for nobody."""

import os
import signal

import pytest

from integration.server import hang_up, pack, wait_until
from integration.workflows.flow import HANDLER

pytestmark = pytest.mark.integration


def test_a_node_that_fails(flow):
    """It is asked again as often as it says, then the client gets TorchServe's words and the reason."""
    made = flow({"same": ["fails"]}, retry_attempts=3)
    assert made.failure(made.ask()) == "Error executing fails after 4 attempts: Prediction failed"
    assert made.calls("fails") == 4
    books = made.scrape()
    assert books.value("servescope_workflow_node_attempts_total", node="fails", outcome="failed") == 4
    assert (
        books.value("servescope_requests_total", model_name=f"{made.name}__fails", transport="workflow", code="503")
        == 4
    )
    assert books.value("servescope_requests_total", model_name=made.name, code="500") == 1


def test_no_retries(flow):
    """Of a node that wants none."""
    made = flow({"fails": []}, retry_attempts=0)
    assert made.failure(made.ask()) == "Error executing fails: Prediction failed"
    assert made.calls("fails") == 1


def test_a_node_that_fails_at_first(flow):
    """The client sees nothing of it."""
    made = flow({"same": ["flaky"]}, retry_attempts=2)
    assert made.ask("hi").text == "flaky hi"
    books = made.scrape()
    attempts = "servescope_workflow_node_attempts_total"
    assert [books.value(attempts, node="flaky", outcome=outcome) for outcome in ("ok", "failed")] == [1, 2]


def test_a_slow_node(flow):
    """An attempt lasts as long as timeout-ms lets it; the worker serves others afterwards."""
    made = flow({"same": ["held"]}, timeout_ms=200, retry_attempts=1)
    assert made.failure(made.ask("gate")) == (
        "Error executing held after 2 attempts: no answer within timeout-ms (200 ms)"
    )
    assert made.scrape().value("servescope_workflow_node_attempts_total", node="held", outcome="timeout") == 2
    assert (
        made.scrape().value(
            "servescope_requests_total", model_name=f"{made.name}__held", transport="workflow", code="408"
        )
        == 2
    )
    made.open()
    wait_until(lambda: made.ask("x").text == "held x", "the worker to be free again")


def test_a_worker_that_dies(flow):
    """The next one does what it has not done."""
    made = flow({"same": ["dies"]}, retry_attempts=1000)
    assert made.ask("hi").text == "lives hi"
    assert made.calls("dies") == 2
    assert made.scrape().total("servescope_worker_restarts_total", model_name=f"{made.name}__dies") == 1


def test_a_worker_that_is_killed(flow, server):
    """Without a retry the client is told so, as if a model's worker had been."""
    made = flow({"same": ["held"]}, retry_attempts=0)
    answer = made.hold()
    (described,) = server.manage("GET", f"/models/{made.name}__held").json()
    os.kill(described["workers"][0]["pid"], signal.SIGKILL)
    assert made.failure(answer.result()).startswith("Error executing held: ")
    assert made.scrape().value("servescope_requests_total", model_name=made.name, code="500") == 1


def test_one_branch_fails(flow):
    """The client is answered once and at once, and the other branch is taken back."""
    made = flow({"same": ["held", "fails"]}, retry_attempts=0)
    assert made.failure(made.ask("gate")) == "Error executing fails: Prediction failed"
    books = made.scrape()
    assert books.value("servescope_workflow_node_attempts_total", node="held", outcome="cancelled") == 1
    assert (
        books.value("servescope_requests_total", model_name=f"{made.name}__held", transport="workflow", code="499") == 1
    )
    assert books.total("servescope_requests_total", model_name=made.name) == 1
    assert books.value("servescope_requests_in_flight", model_name=made.name) == 0


def test_a_client_that_hangs_up(flow, server):
    """Its request is 499, once; what waits for it is taken off the queue, and no further node is asked."""
    made = flow({"held": ["fails"]}, retry_attempts=5)
    with hang_up(server.ports["inference"], f"/wfpredict/{made.name}", b"gate"):
        made.began()
        with hang_up(server.ports["inference"], f"/wfpredict/{made.name}", b"gate"):
            wait_until(lambda: made.pending("held") == 1)
        wait_until(lambda: made.pending("held") == 0)
    books = made.settled(2)
    assert books.value("servescope_requests_total", model_name=made.name, code="499") == 2
    assert books.value("servescope_workflow_node_attempts_total", node="held", outcome="cancelled") == 2
    made.open()
    assert made.failure(made.ask("x")).startswith("Error executing fails")
    assert made.calls("fails") == 6


def test_a_full_queue(flow, server):
    """What a model has no room for is tried again a moment later."""
    pack(server.store / "tight.mar", "tight", HANDLER, config="jobQueueSize: 1\n", handler="service.py:held")
    made = flow({"tight": []}, retry_attempts=1000, timeout_ms=60_000, tight={"url": "tight.mar"})
    answers = [made.hold(), *(made.send("gate") for _ in range(5))]
    refused = {"model_name": f"{made.name}__tight", "reason": "queue_full"}
    wait_until(lambda: made.scrape().value("servescope_rejected_total", **refused) >= 8)  # two of each that is refused
    made.open()
    assert [answer.result().text for answer in answers] == ["held gate"] * 6
    books = made.scrape()
    attempts = "servescope_workflow_node_attempts_total"
    assert books.value(attempts, node="tight", outcome="ok") == 6
    assert books.value(attempts, node="tight", outcome="failed") == books.value("servescope_rejected_total", **refused)


def test_a_model_that_was_unregistered(flow, server):
    """The words name it; the workflow goes as any other does."""
    made = flow({"same": ["left"]})
    assert server.manage("DELETE", f"/models/{made.name}__left").status_code == 200
    assert made.failure(made.ask()) == f"Error executing left: Model not found: {made.name}__left"
    assert server.manage("DELETE", f"/models/{made.name}__same").status_code == 200
    assert made.failure(made.ask()) == f"Error executing same: Model not found: {made.name}__same"
    assert made.scrape().value("servescope_requests_total", model_name=made.name, code="500") == 2
    assert made.delete().json() == {"status": f'Workflow "{made.name}" unregistered'}


def test_a_model_without_workers(flow, server):
    """One that somebody scaled to none."""
    made = flow({"same": []}, retry_attempts=1)
    server.manage("PUT", f"/models/{made.name}__same", min_worker=0, max_worker=0, synchronous="true")
    said = made.failure(made.ask())
    assert said.startswith(f'Error executing same after 2 attempts: Model "{made.name}__same" has no worker')


SEQUENCES = "sequenceBatching: true\nsequenceMaxIdleMSec: 600000\nmaxNumSequence: 4\nmaxSequenceJobQueueSize: 4\n"


@pytest.mark.parametrize("dag", [{"q": []}, {"same": ["q"]}], ids=["first", "later"])
def test_a_model_that_refuses_the_request_itself(flow, server, dag):
    """What the client has sent is wrong for one node: an answer, and an attempt like any other."""
    pack(server.store / "sequences.mar", "sequences", HANDLER, config=SEQUENCES, handler="service.py:same")
    made = flow(dag, retry_attempts=1, q={"url": "sequences.mar"})
    url = server.url("inference", f"/wfpredict/{made.name}")
    said = made.failure(server.http.post(url, content="x", headers={"ts_request_sequence_id": "i" * 2000}))
    assert said == (
        "Error executing q after 2 attempts: ts_request_sequence_id has 2000 characters; at most 1024 are an id"
    )
    books = made.settled(1)
    assert books.value("servescope_workflow_node_attempts_total", node="q", outcome="failed") == 2
    assert books.by("code", "servescope_requests_total", model_name=f"{made.name}__q") == {"400": 2}
    assert server.http.post(url, content="x", headers={"ts_request_sequence_id": "i"}).text == "x"
