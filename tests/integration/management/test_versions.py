"""Two versions of a model side by side, and one that goes."""

import pytest

from integration.deployed import GATED, Deployed
from integration.server import pack

pytestmark = pytest.mark.integration

VERSION = "def handle(data, context):\n    return data and ['{}'] * len(data)\n"


@pytest.fixture
def model(deploy, server):
    """A model with the versions 1.0, the default, and 2.0."""
    model = deploy(VERSION.format("one"))
    archive = pack(server.store / f"{model.name}_2.mar", model.name, VERSION.format("two"), version="2.0")
    assert server.register(archive).status_code == 200
    yield model
    server.manage("DELETE", f"/models/{model.name}/2.0")


def test_side_by_side(model):
    """Each by its name; without a name the first."""
    assert [model.predict("x", version).text for version in ("", "1.0", "2.0")] == ["one", "one", "two"]
    missing = model.predict("x", "3.0")
    message = f"Model version: 3.0 does not exist for model: {model.name}"
    assert (missing.status_code, missing.json()["message"]) == (404, message)
    assert [each["modelVersion"] for each in model.server.manage("GET", f"/models/{model.name}/all").json()] == [
        "1.0",
        "2.0",
    ]


def test_the_default_changes(model, server):
    """And requests without a version follow it."""
    answer = server.manage("PUT", f"/models/{model.name}/2.0/set-default")
    assert answer.json() == {"status": f'Default version successfully updated for model "{model.name}" to "2.0"'}
    assert [model.predict("x", version).text for version in ("", "1.0", "2.0")] == ["two", "one", "two"]
    assert model.describe()["modelVersion"] == "2.0"
    unknown = server.manage("PUT", f"/models/{model.name}/9/set-default")
    assert (unknown.status_code, unknown.json()["message"]) == (
        404,
        f"Model version 9 does not exist for model {model.name}",
    )
    server.manage("PUT", f"/models/{model.name}/1.0/set-default")


def test_the_default_cannot_go_before_the_others(model, server):
    """403; the other can, and then the default."""
    refused = server.manage("DELETE", f"/models/{model.name}")
    assert (refused.status_code, refused.json()["type"]) == (403, "InvalidModelVersionException")
    assert refused.json()["message"] == f"Cannot remove default version for model {model.name}"
    assert server.manage("DELETE", f"/models/{model.name}/2.0").status_code == 200
    gone = model.predict("x", "2.0")
    assert (gone.status_code, gone.json()["type"]) == (404, "ModelVersionNotFoundException")
    assert model.predict("x").text == "one"
    assert server.manage("DELETE", f"/models/{model.name}").json() == {"status": f'Model "{model.name}" unregistered'}
    assert model.predict("x").json()["type"] == "ModelNotFoundException"


def test_the_same_version_twice(model, server):
    """409, and the first is unharmed."""
    answer = server.register(f"{model.name}.mar")
    assert (answer.status_code, answer.json()["type"]) == (409, "ConflictStatusException")
    assert answer.json()["message"] == f"Model version 1.0 is already registered for model {model.name}"
    assert model.predict("x").text == "one"


def test_unregistering_drains(deploy, server):
    """New requests get 404 while the one in hand and the one in the queue are finished; only then DELETE answers."""
    model = deploy(GATED)
    held = model.hold()
    waiting = model.send("waits")
    model.pending(1)
    (pid,) = model.pids()
    deleting = model.delete()
    assert model.predict("late").status_code == 404
    assert not deleting.done()
    model.open()
    assert (held.result().status_code, waiting.result().status_code) == (200, 200)
    assert deleting.result().json() == {"status": f'Model "{model.name}" unregistered'}
    assert model.runs() == ["gate", "waits"]
    assert pid not in {process.pid for process in server.family()}


def test_unregistering_does_not_wait_for_ever(launch):
    """After unregister_model_timeout: 408, the request is told that its worker died, and the name is free again."""
    server = launch(unregister_model_timeout="1")
    archive = pack(server.store / "held.mar", "held", GATED)
    assert server.register(archive).status_code == 200
    model = Deployed(server, "held")
    held = model.hold()
    answer = server.manage("DELETE", "/models/held")
    assert (answer.status_code, answer.json()["message"]) == (408, "Timed out while cleaning resources: held")
    assert held.result().json()["message"] == "Worker died."
    assert server.register(archive).status_code == 200
    assert model.predict("x").text == "1"


def test_its_metrics_afterwards(deploy, server):
    """Counts stay, so that no scrape misses the last of them; what is read at scrape time goes until it is back."""
    model = deploy(VERSION.format("one"))
    model.predict("x")
    server.manage("DELETE", f"/models/{model.name}")
    assert server.metrics("ts_inference_requests_total", model_name=model.name) == 1
    assert server.metrics("servescope_queue_depth", model_name=model.name) is None
    assert server.metrics("servescope_workers", model_name=model.name) is None
    assert server.register(f"{model.name}.mar").status_code == 200
    model.predict("x")
    assert server.metrics("ts_inference_requests_total", model_name=model.name) == 2
    assert server.metrics("servescope_workers", model_name=model.name, state="ready") == 1
