"""Many management calls at once, over HTTP: each has its turn, and is told the truth."""

import socket

import pytest

from integration.server import PATIENCE_S, pack, refusal, wait_until

pytestmark = pytest.mark.integration

SLOW = "import time\ntime.sleep(0.3)\ndef handle(data, context):\n    return data and ['ok'] * len(data)\n"
GATED = """
import os, pathlib, time
def handle(data, context):
    if data is None:
        while not (pathlib.Path(os.environ["NOTES"]) / "go").exists():
            time.sleep(0.005)
    return data and ["ok"] * len(data)
"""


def scale(model, count):
    return model.server.manage("PUT", f"/models/{model.name}", min_worker=count, synchronous="true")


def test_fifteen_scale_calls_at_once(deploy, server):
    """All are told that there are as many workers as they asked for; as many as the last asked for are left."""
    model = deploy(SLOW)
    counts = [number % 3 + 1 for number in range(15)]
    calls = [server.threads.submit(scale, model, count) for count in counts]
    answers = [call.result() for call in calls]
    assert [(answer.status_code, answer.json()) for answer in answers] == [
        (200, {"status": f"Workers scaled to {count} for model: {model.name}"}) for count in counts
    ]
    described = model.describe()
    assert described["minWorkers"] == len(described["workers"]) == len(model.pids())


def test_two_registrations_at_once(server):
    """One is there, the other a conflict."""
    archive = pack(server.store / "twice.mar", "twice", SLOW)
    calls = [server.threads.submit(server.register, archive) for _ in range(4)]
    assert sorted(call.result().status_code for call in calls) == [200, 409, 409, 409]
    assert server.manage("DELETE", "/models/twice").status_code == 200
    assert refusal(server, "nosuch.mar")[0] == 404


def test_register_scale_and_unregister_at_once(server):
    """Over and over: nothing but what can be true at a turn's end, and at the end a server that is well."""
    archive = pack(server.store / "busy.mar", "busy", SLOW)
    calls = []
    for _ in range(3):
        calls.append(("register", server.threads.submit(server.register, archive)))
        calls.append(
            ("scale", server.threads.submit(server.manage, "PUT", "/models/busy", min_worker=2, synchronous="true"))
        )
        calls.append(("unregister", server.threads.submit(server.manage, "DELETE", "/models/busy")))
    possible = {"register": {200, 409}, "scale": {200, 404}, "unregister": {200, 404}}
    for what, call in calls:
        assert call.result().status_code in possible[what], (what, call.result().text)
    server.manage("DELETE", "/models/busy")
    assert server.ping() == 200


def test_reading_waits_for_nobody(launch):
    """While a registration waits for a worker that loads and loads, and others for their turn."""
    server = launch(disable_token_authorization="true")
    archive = pack(server.store / "m.mar", "m", GATED)
    registered = server.threads.submit(server.register, archive)
    wait_until(lambda: server.manage("GET", "/models/m").status_code == 200)
    scaled = server.threads.submit(server.manage, "PUT", "/models/m", min_worker=2, synchronous="true")
    assert len(server.manage("GET", "/models/m").json()[0]["workers"]) == 1
    assert server.manage("GET", "/models").json()["models"][0]["modelName"] == "m"
    assert not registered.done()
    (server.notes / "go").touch()
    assert (registered.result().status_code, scaled.result().status_code) == (200, 200)


def test_a_client_that_leaves_frees_its_turn(launch):
    """One that hangs up while its model loads without end: the next call is not held up."""
    server = launch(disable_token_authorization="true")
    pack(server.store / "m.mar", "m", GATED)
    client = socket.create_connection(("127.0.0.1", server.ports["management"]), timeout=PATIENCE_S)
    client.sendall(b"POST /models?url=m.mar&initial_workers=1 HTTP/1.1\r\nhost: h\r\ncontent-length: 0\r\n\r\n")
    wait_until(lambda: server.manage("GET", "/models/m").status_code == 200)
    gone = server.threads.submit(server.manage, "DELETE", "/models/m")
    client.close()
    assert gone.result().status_code == 200
    assert server.manage("GET", "/models/m").status_code == 404
