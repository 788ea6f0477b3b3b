"""Models that do not load: refused, tried again, and given up."""

import pytest

from integration.deployed import FLAKY
from integration.server import wait_until

pytestmark = pytest.mark.integration


@pytest.mark.parametrize(
    ("error", "status", "reason"),
    [
        ("ValueError('first\\nnot yet')", 500, "not yet"),
        ("KeyError('weights')", 500, "KeyError: 'weights'"),
        ("MemoryError", 507, "MemoryError"),
        ("RuntimeError('CUDA out of memory')", 507, "RuntimeError: CUDA out of memory"),
        ("ValueError('\\udcff')", 500, "ValueError: \\udcff"),
        ("SystemExit('no weights')", 500, "SystemExit: no weights"),
    ],
)
def test_a_model_that_cannot_load_is_refused(deploy, server, error, status, reason):
    """Registered synchronously: the contract's error with the reason, and the model is gone again."""
    model = deploy(FLAKY.replace("{error}", error), expect=status)
    answer = server.register(f"{model.name}.mar")
    assert answer.status_code == status
    assert answer.json()["message"] == f"Failed to start workers for model {model.name} version: 1.0: {reason}"
    missing = model.predict("x")
    assert (missing.status_code, missing.json()["message"]) == (404, f"Model not found: {model.name}")
    assert server.register(f"{model.name}.mar").status_code == 200  # the third load works
    assert model.predict("x").text == "up"


@pytest.mark.parametrize("end", ["raise ValueError('child')", "sys.exit('child')", "os._exit(1)"])
def test_a_child_that_is_forked_speaks_for_itself(deploy, end):
    """Its end is no end of the load."""
    code = f"""
import os, sys

def handle(data, context):
    if data is None:
        child = os.fork()
        if not child:
            {end}
        os.waitpid(child, 0)
        return None
    return ["up"] * len(data)
"""
    assert deploy(code).predict("x").text == "up"


def test_a_model_that_loads_later(deploy):
    """Registered asynchronously: it stays, is tried again, and a request that waited is answered."""
    model = deploy(FLAKY.replace("{error}", "ValueError"), expect=202, synchronous="false")
    assert model.predict("x").text == "up"
    assert (model.notes / "loads").read_text().count("load") == 3


def test_a_worker_that_never_loads_in_time(deploy, server):
    """A load within startupTimeout or none: 500, and nothing of it is left."""
    code = "import time\n\ndef handle(data, context):\n    time.sleep(600)\n"
    config = "startupTimeout: 1\nminWorkers: 1\nmaxWorkers: 1\n"
    before = {process.pid for process in server.family()}
    model = deploy(code, config=config, expect=500)
    assert model.predict("x").status_code == 404
    wait_until(lambda: {process.pid for process in server.family()} <= before)


def test_workers_that_are_given_up(deploy, server):
    """After maxRetryTimeoutInSec those who waited and those who come get 503, /ping 500; scaling tries again."""
    code = FLAKY.replace("{error}", "ValueError('never')").replace("tries < 3", "not (notes / 'cured').exists()")
    config = "maxRetryTimeoutInSec: 1\nminWorkers: 1\nmaxWorkers: 1\n"
    model = deploy(code, config=config, expect=202, synchronous="false")
    waited = model.send("waits").result()
    refused = model.predict("x")
    for answer in (waited, refused):
        assert answer.status_code == 503
        assert "has no worker to serve inference request" in answer.json()["message"]
        assert "retry-after" not in answer.headers
    assert server.ping() == 500
    assert server.metrics("servescope_workers", model_name=model.name, state="failed") == 1
    assert server.metrics("servescope_rejected_total", model_name=model.name, reason="no_worker") == 2
    (model.notes / "cured").touch()
    assert server.manage("PUT", f"/models/{model.name}", min_worker=1, synchronous="true").status_code == 200
    assert model.predict("x").text == "up"
    assert server.ping() == 200


def test_unregistering_what_was_given_up(deploy, server):
    """It answers at once: there is nothing to wait for."""
    config = "maxRetryTimeoutInSec: 0\nminWorkers: 1\nmaxWorkers: 1\n"
    code = "import no_such_module\n"
    model = deploy(code, config=config.replace("0", "1", 1), expect=202, synchronous="false")
    assert model.send("waits").result().status_code == 503
    assert server.manage("DELETE", f"/models/{model.name}").status_code == 200
    assert server.ping() == 200
