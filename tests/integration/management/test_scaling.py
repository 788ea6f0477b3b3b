"""More workers and fewer, while requests come in."""

import threading

import pytest

from integration.server import wait_until

pytestmark = pytest.mark.integration


def scale(model, number, **query):
    """PUT /models, waiting for it unless told otherwise."""
    return model.server.manage(
        "PUT", f"/models/{model.name}", **({"min_worker": number, "synchronous": "true"} | query)
    )


def test_scaling_under_load_loses_nothing(deploy, server):
    """Up and down and up again while eight clients ask without a pause: nothing but 200."""
    code = "import time\n\ndef handle(data, context):\n    time.sleep(0.005)\n    return data and ['ok'] * len(data)\n"
    model = deploy(code)
    enough = threading.Event()

    def client():
        statuses = []
        while not enough.is_set():
            statuses.append(model.predict("x").status_code)
        return statuses

    clients = [server.threads.submit(client) for _ in range(8)]
    try:
        for number in (3, 1, 2, 1, 3, 1):
            answer = scale(model, number)
            assert answer.status_code == 200
            assert answer.json() == {"status": f"Workers scaled to {number} for model: {model.name}"}
            assert len(model.pids()) == number
    finally:
        enough.set()
    statuses = [status for done in clients for status in done.result()]
    assert len(statuses) > 50
    assert set(statuses) == {200}


def test_a_retired_worker_finishes_what_it_has(deploy, server):
    """Scaling down waits for the request in hand; the idle worker goes first."""
    model = deploy(initial_workers=2)
    held = model.hold()
    other = model.hold("gate2")
    scaling = server.threads.submit(scale, model, 1)
    wait_until(lambda: len(model.pids()) == 1)
    assert not scaling.done()
    model.open()
    model.open("gate2")
    assert (held.result().status_code, other.result().status_code) == (200, 200)
    assert scaling.result().status_code == 200
    assert len(model.describe()["workers"]) == 1


def test_a_scale_down_that_takes_too_long(deploy, server):
    """Synchronous, with a request that outlasts responseTimeout: 206 or its end, and the rest in order."""
    model = deploy(config="responseTimeout: 1\nminWorkers: 2\nmaxWorkers: 2\n")
    held = [model.hold("gate1"), model.hold("gate2")]
    answer = scale(model, 1)
    assert answer.status_code in (200, 206)
    assert {done.result().status_code for done in held} == {500}
    assert model.predict("x").text == "1"
    wait_until(lambda: len(model.pids()) == 1)


def test_no_workers_at_all(deploy, server):
    """With min_worker=0: 503, what is in hand is finished, and /ping is well, as nothing is promised."""
    model = deploy()
    held = model.hold()
    assert scale(model, 0, synchronous="false").status_code == 202
    refused = model.predict("x")
    assert refused.status_code == 503
    assert refused.json()["message"].startswith(f'Model "{model.name}" has no worker to serve inference request.')
    assert server.metrics("servescope_rejected_total", model_name=model.name, reason="no_worker") == 1
    assert server.ping() == 200
    model.open()
    assert held.result().status_code == 200
    assert scale(model, 1).status_code == 200
    assert model.predict("x").text == "1"


def test_those_who_wait_when_the_last_worker_goes(deploy):
    """They are told at once, not left to wait."""
    model = deploy()
    held = model.hold()
    waiting = model.send("waits")
    model.pending(1)
    scale(model, 0, synchronous="false")
    assert waiting.result().status_code == 503
    model.open()
    assert held.result().status_code == 200


def test_synchronous_or_not(deploy):
    """202 at once, and the workers come; 200 once they are there, with the version where one was named."""
    model = deploy()
    answer = scale(model, 2, synchronous="false")
    assert (answer.status_code, answer.json()) == (202, {"status": "Processing worker updates..."})
    wait_until(lambda: len(model.pids()) == 2)
    answer = model.server.manage("PUT", f"/models/{model.name}/1.0", min_worker=1, synchronous="true")
    assert answer.json() == {"status": f"Workers scaled to 1 for model: {model.name}, version: 1.0"}


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"min_worker": 2, "max_worker": 1}, "max_worker cannot be less than min_worker."),
        ({"min_worker": "abc"}, "Parameter min_worker is not a whole number: 'abc'"),
        ({"min_worker": -1}, "Parameter min_worker must be at least 0: '-1'"),
    ],
)
def test_numbers_that_make_no_sense(deploy, query, message):
    """400 with the parameter and the value; nothing changes."""
    model = deploy(initial_workers=0)
    answer = model.server.manage("PUT", f"/models/{model.name}", **query)
    assert (answer.status_code, answer.json()["message"]) == (400, message)
    assert model.describe()["workers"] == []


def test_a_worker_that_cannot_load(deploy):
    """Synchronous scaling of a model that has stopped loading: 500; the workers that there are go on."""
    code = "import os, pathlib\nif (pathlib.Path(os.environ['NOTES']) / 'ill').exists():\n    raise ValueError\n"
    model = deploy(code + "\n\ndef handle(data, context):\n    return data and ['ok'] * len(data)\n")
    ill = model.server.notes / "ill"
    ill.touch()
    try:
        answer = scale(model, 2)
        assert answer.status_code == 500
        text = f"Failed to start workers for model {model.name} version: 1.0: ValueError"
        assert answer.json()["message"] == text
        assert model.predict("x").text == "ok"
    finally:
        ill.unlink()
