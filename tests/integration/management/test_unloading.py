"""A model that is unregistered while it has work: new requests find it no more, and it is shown until it is gone."""

import os
import subprocess
import sys

import pytest

from integration.deployed import GATED, Deployed
from integration.server import pack, wait_until

pytestmark = pytest.mark.integration


def test_it_is_shown_until_it_is_gone(deploy, server):
    """In the list, in descriptions with what it waits for, and in the metrics; for requests it is none."""
    model = deploy(GATED)
    held, waiting = model.hold(), model.send("waits")
    model.pending(1)
    deleting = model.delete()
    said = model.describe()
    assert said["unloading"]["requestsInFlight"] == 2
    assert 0 < said["unloading"]["secondsLeft"] <= 15
    assert said["workers"]
    assert [entry["unloading"] for entry in listed(server) if entry["modelName"] == model.name] == [True]
    assert server.manage("GET", f"/models/{model.name}/all").json()[0]["unloading"] == said["unloading"]
    assert server.manage("GET", f"/models/{model.name}/1.0").json()[0]["modelVersion"] == "1.0"
    assert server.metrics("servescope_queue_depth", model_name=model.name) == 1
    assert server.metrics("servescope_requests_in_flight", model_name=model.name) == 2
    refused = model.predict("late")
    assert (refused.status_code, refused.json()["message"]) == (404, f"Model not found: {model.name}")
    again = server.manage("DELETE", f"/models/{model.name}")
    assert (again.status_code, again.json()["type"]) == (404, "ModelNotFoundException")
    assert server.manage("PUT", f"/models/{model.name}", min_worker=2).status_code == 404
    model.open()
    assert (held.result().status_code, waiting.result().status_code) == (200, 200)
    assert deleting.result().json() == {"status": f'Model "{model.name}" unregistered'}
    assert model.name not in [entry["modelName"] for entry in listed(server)]
    assert server.manage("GET", f"/models/{model.name}").status_code == 404
    assert server.metrics("servescope_queue_depth", model_name=model.name) is None


def listed(server):
    return server.manage("GET", "/models").json()["models"]


def test_registered_anew_meanwhile(deploy, server):
    """The new one is served and described; the old one finishes, is listed beside it, and leaves it its metrics."""
    model = deploy(GATED)
    held = model.hold()
    deleting = model.delete()
    assert server.register(f"{model.name}.mar").status_code == 200
    assert model.predict("x").status_code == 200
    assert "unloading" not in model.describe()
    assert [("unloading" in each) for each in server.manage("GET", f"/models/{model.name}/all").json()] == [False, True]
    assert len([entry for entry in listed(server) if entry["modelName"] == model.name]) == 2
    second = model.hold("gate2")
    deleting_second = server.threads.submit(server.manage, "DELETE", f"/models/{model.name}")
    wait_until(lambda: len(server.manage("GET", f"/models/{model.name}").json()) == 2, "both to leave")
    model.open()
    assert held.result().status_code == 200
    assert deleting.result().status_code == 200
    assert server.metrics("servescope_queue_depth", model_name=model.name) == 0
    model.open("gate2")
    assert second.result().status_code == 200
    assert deleting_second.result().status_code == 200
    assert server.metrics("servescope_queue_depth", model_name=model.name) is None


def test_one_that_hangs(launch):
    """After unregister_model_timeout it is ended: 408 for the call, and words that fit for whoever had waited."""
    server = launch(unregister_model_timeout="1")
    server.register(pack(server.store / "m.mar", "m", GATED))
    model = Deployed(server, "m")
    held, waiting = model.hold(), model.send("waits")
    model.pending(1)
    answer = model.delete().result()
    assert (answer.status_code, answer.json()["message"]) == (408, "Timed out while cleaning resources: m")
    assert held.result().json()["message"] == "Worker died."
    said = waiting.result()
    assert (said.status_code, said.json()["message"]) == (
        503,
        'Model "m" was unregistered before this request was served.',
    )
    assert not listed(server)


def test_the_command_says_what_it_waits_for(launch):
    """Line by line on standard error, and how long at most; the server's answer on standard output."""
    server = launch()
    server.register(pack(server.store / "m.mar", "m", GATED))
    model = Deployed(server, "m")
    held = model.hold()
    unregister = subprocess.Popen(
        [sys.executable, "-m", "servescope.cli.main", "models", "unregister", "m"],
        env=os.environ | {"TEMP": str(server.directory)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    line = unregister.stderr.readline()
    assert line.startswith("Unregistering m: waits for 1 request in flight, for 1")
    assert line.endswith(" s at most …\n")
    model.open()
    assert held.result().status_code == 200
    out, _ = unregister.communicate()
    assert (unregister.returncode, out) == (0, 'Model "m" unregistered\n')


def test_a_server_that_stops_meanwhile(launch):
    """Waits for what such a model has in flight as for any other's, and then ends it."""
    server = launch(shutdown_timeout="1", unregister_model_timeout="600")
    server.register(pack(server.store / "m.mar", "m", GATED))
    model = Deployed(server, "m")
    held = model.hold()
    deleting = model.delete()
    server.process.terminate()
    assert held.result().json()["message"] == "Worker died."
    assert deleting.result().status_code in (200, 408)
    assert server.process.wait(30) == 0
    assert "m 1.0 has 1 in workers and 0 in the queue" in (server.directory / "logs" / "ts_log.log").read_text()
