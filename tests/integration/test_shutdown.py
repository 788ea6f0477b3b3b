"""The end of a server: what is in flight is finished, and nothing is left."""

import json
import re
import signal

import psutil
import pytest

from integration.deployed import GATED, Deployed
from integration.net_server import log, run_start, site
from integration.server import PATIENCE_S, alive, pack, wait_until

pytestmark = pytest.mark.integration

CHILD = "import subprocess\nsubprocess.Popen(['sleep', '600'])\n"


@pytest.fixture
def own(launch):
    """A gated model in a server of its own; its handler has started a process, too."""
    server = launch()
    server.register(pack(server.store / "m.mar", "m", CHILD + GATED), initial_workers=2)
    return Deployed(server, "m")


def ended(server):
    """The exit status, once there is one."""
    return server.process.wait(PATIENCE_S)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_end(own, number):
    """Those in hand and in the queue are finished while /ping fails and new ones get 503; status 0, nothing left."""
    server = own.server
    answers = [own.predict(f"r{each}") for each in range(20)]
    held = [own.hold("gate1"), own.hold("gate2")]
    waiting = own.send("waits")
    own.pending(1)
    family = server.family()
    assert len(family) == 4
    server.process.send_signal(number)
    wait_until(lambda: server.ping() == 500)
    refused = own.predict("late")
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    assert server.metrics("servescope_rejected_total", model_name="m", reason="draining") == 1
    assert server.process.poll() is None
    own.open("gate1")
    own.open("gate2")
    answers += [answer.result() for answer in (*held, waiting)]
    assert {answer.status_code for answer in answers} == {200}
    assert ended(server) == 0
    wait_until(lambda: not alive(family))
    logged = re.findall(r'"POST /predictions/m HTTP/1.1" (\d+)', log(server, "access_log.log"))
    assert (logged.count("200"), logged.count("503"), len(logged)) == (23, 1, 24)
    assert not list(server.directory.glob("servescope-*")), "the unpacked archives are still there"


def test_a_second_signal_hurries(own):
    """Who cannot wait for what is in hand asks twice: the request is told that its worker died, and the status is 0."""
    held = own.hold()
    waiting = [own.hold("gate2"), own.send("waits")]
    own.pending(1)
    own.server.process.send_signal(signal.SIGINT)
    wait_until(lambda: own.server.ping() == 500)
    own.server.process.send_signal(signal.SIGINT)
    assert held.result().json()["message"] == "Worker died."
    assert {answer.result().status_code for answer in waiting} <= {500, 503}
    assert ended(own.server) == 0


def test_a_stream_is_finished(launch):
    """Also one that has begun."""
    code = "from ts.handler_utils.utils import send_intermediate_predict_response as send\n" + GATED.replace(
        "    for name in names:\n        while",
        "    send(['begun '], {}, '', 200, context)\n    for name in names:\n        while",
    )
    server = launch()
    server.register(pack(server.store / "m.mar", "m", code))
    model = Deployed(server, "m")
    with server.http.stream("POST", server.url("inference", model.path), content="gate") as answer:
        pieces = answer.iter_raw()
        assert next(pieces) == b"begun "
        server.process.terminate()
        wait_until(lambda: server.ping() == 500)
        model.open()
        assert b"".join(pieces) == b"1"
    assert ended(server) == 0


def test_an_idle_connection_keeps_nobody(own):
    """Clients that hold a connection open do not hold the server."""
    assert own.predict("x").status_code == 200  # the client keeps its connection
    own.server.process.terminate()
    assert ended(own.server) == 0


def test_a_model_that_is_still_loading(launch):
    """Neither its loading nor its retries hold the server up; who waited for it is answered."""
    server = launch()
    code = "import time\n\ndef handle(data, context):\n    time.sleep(600)\n"
    server.register(pack(server.store / "m.mar", "m", code), synchronous="false", startup_timeout=600)
    failing = pack(server.store / "f.mar", "f", "raise ValueError\n")
    server.register(failing, synchronous="false")
    family = server.family()
    server.process.terminate()
    assert ended(server) == 0
    wait_until(lambda: not alive(family))


def test_its_keys_go_with_it(launch):
    """key_file.json is there for the owner alone while the server runs, and gone when it has ended."""
    server = launch(disable_token_authorization="false")
    keys = server.directory / "key_file.json"
    assert keys.stat().st_mode & 0o777 == 0o600
    token = json.loads(keys.read_text())["inference"]["key"]
    url = server.url("inference", "/predictions/none")
    assert server.http.get(url).status_code == 400
    assert server.http.get(url, headers={"Authorization": f"Bearer {token}"}).status_code == 404
    server.process.terminate()
    assert ended(server) == 0
    assert not keys.exists()


def test_workers_do_not_outlive_a_server_that_was_killed(own):
    """SIGKILL: idle or busy, they see that the front end has gone."""
    family = [process for process in own.server.family() if process.name() != "sleep"]
    own.server.process.kill()
    own.server.process.wait()
    gone, alive = psutil.wait_procs(family, PATIENCE_S)
    assert (len(gone), alive) == (2, [])


def test_a_port_that_is_taken(launch, tmp_path):
    """The start fails with the option and the address, and status 1."""
    server = launch()
    address = f"inference_address=http://127.0.0.1:{server.ports['inference']}"
    result = run_start(site(tmp_path / "other", f"{address}\n"))
    assert result.returncode == 1
    assert address in result.stdout + result.stderr
    assert "Traceback" not in result.stdout + result.stderr
