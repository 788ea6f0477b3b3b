"""/livez and /readyz of a whole server: from its first moment to its last, whatever becomes of its models."""

import json
import signal
import threading
from http.server import BaseHTTPRequestHandler

import httpx
import pytest

from http_server import Silent, answering
from integration.deployed import GATED, Deployed
from integration.detached import NOOP, make_site
from integration.net_server import serving
from integration.server import APIS, PATIENCE_S, Server, free_ports, pack, wait_until

pytestmark = pytest.mark.integration

# Loads, a worker after the other, as files `go0`, `go1` … appear; ends when it is told to, by a request or a file.
WORKER = """
import os, pathlib, time
NOTES = pathlib.Path(os.environ["NOTES"])

def handle(data, context):
    if data is None:
        while not any(claim(path) for path in NOTES.glob("go*")):
            time.sleep(0.01)
        return None
    if data[0]["body"] == b"die":
        os._exit(3)
    return ["ok"] * len(data)

def claim(path):
    try:
        path.unlink()
        return True
    except FileNotFoundError:
        return False
"""


def ready(server, query=""):
    """What /readyz says on each port, which is the same once nothing changes from one to the next."""
    assert all(server.http.get(server.url(api, "/livez")).status_code == 200 for api in APIS)

    def agreed():
        answers = [server.http.get(server.url(api, f"/readyz{query}")) for api in APIS]
        said = {(answer.status_code, answer.text) for answer in answers}
        return said.pop() if len(said) == 1 else None

    return wait_until(agreed, "ports that agree")


def test_from_loading_to_a_crash(tmp_path):
    """503 until as many workers as were asked for are there; then 200 until the last of them is gone, and again."""
    (tmp_path / "store").mkdir()
    pack(tmp_path / "store" / "m.mar", "m", WORKER, config="minWorkers: 2\nmaxWorkers: 2\n")
    server = Server(tmp_path, {"load_models": "m.mar", "ts_open_inference_protocol": "true"})
    try:
        kserve = ("/v2/health/ready", "/v2/models/m/ready")

        def all_agree(status):
            assert ready(server)[0] == ready(server, "?model=m")[0] == status
            for path in kserve:
                answer = server.http.get(server.url("inference", path))
                assert (answer.status_code, answer.json()) == (status, {"ready": status == 200})
            for api in ("inference", "management"):
                answer = server.http.get(server.url(api, "/v1/models/m"))
                assert (answer.status_code, answer.json()) == (200, {"name": "m", "ready": status == 200})

        all_agree(503)
        assert server.ping() == 200  # which is TorchServe's
        assert "m 1.0: loading, 0 of 2 workers at work" in ready(server, "?verbose")[1]
        (server.notes / "go0").touch()
        wait_until(lambda: "1 of 2" in ready(server, "?verbose")[1])
        all_agree(503)
        (server.notes / "go1").touch()
        wait_until(lambda: ready(server)[0] == 200)
        all_agree(200)
        for left in (1, 0):
            server.http.post(server.url("inference", "/predictions/m"), content=b"die")
            wait_until(lambda left=left: f"{left} of 2" in ready(server, "?verbose")[1])
            all_agree(200 if left else 503)
        assert "m 1.0: failed, 0 of 2 workers at work: exited with status 3" in ready(server, "?verbose")[1]
        (server.notes / "go2").touch()
        wait_until(lambda: ready(server)[0] == 200)
        all_agree(200)
        answer = server.http.get(server.url("inference", "/v2/health/live"))
        assert (answer.status_code, answer.json()) == (200, {"live": True})
        answer = server.http.get(server.url("inference", "/v2/models/none/ready"))
        assert (answer.status_code, answer.json()["type"]) == (404, "ModelNotFoundException")
        assert server.http.get(server.url("management", "/v1/models/none")).status_code == 404
        assert server.http.get(server.url("inference", "/v1/models/none")).status_code == 404
    finally:
        server.end()


def test_what_others_do_to_a_ready_server(tmp_path):
    """A bad registration, a scaling and a model that somebody unregistered leave it ready; `?verbose` shows them."""
    with serving(tmp_path / "server", {}, {"noop": NOOP, "other": NOOP}) as server:
        wait_until(lambda: ready(server)[0] == 200)
        pack(server.store / "bad.mar", "bad", "import nosuchmodule\n")
        assert server.register("bad.mar", synchronous="false").status_code == 202
        wait_until(lambda: "bad 1.0: failed" in ready(server, "?verbose")[1])
        status, text = ready(server, "?verbose")
        assert status == 200
        assert "registered after the start: ModuleNotFoundError: No module named 'nosuchmodule'" in text
        assert ready(server, "?model=bad")[0] == 503
        for workers in (2, 0, 1):
            assert server.manage("PUT", "/models/noop", min_worker=workers, synchronous="true").status_code == 200
            assert ready(server)[0] == 200
            assert ready(server, "?model=noop")[0] == (200 if workers else 503)
        assert server.manage("DELETE", "/models/other").status_code == 200
        assert ready(server)[0] == 200
        assert "other" not in ready(server, "?verbose")[1]
        assert ready(server, "?model=other")[0] == 404


def test_what_the_switch_of_kserve_turns_off(tmp_path):
    """Without it there is nothing under /v2; version 1 is there as ever."""
    with serving(tmp_path / "server", {}, {"noop": NOOP}) as server:
        for path in ("/v2/health/ready", "/v2/health/live", "/v2/models/noop/ready"):
            answer = server.http.get(server.url("inference", path))
            assert (answer.status_code, answer.json()["type"]) == (404, "ResourceNotFoundException")
        wait_until(lambda: server.http.get(server.url("inference", "/v1/models/noop")).json()["ready"])


def test_while_an_archive_is_fetched(tmp_path):
    """Ports are open, the server lives, and is not ready, whatever has loaded already; the model can be asked for by its name."""
    release = threading.Event()
    archive = pack(tmp_path / "far.mar", "far", NOOP).read_bytes()

    class Slow(Silent, BaseHTTPRequestHandler):
        def do_GET(self):
            release.wait(PATIENCE_S)
            self.send_response(200)
            self.send_header("content-length", str(len(archive)))
            self.end_headers()
            self.wfile.write(archive)

    with answering(Slow) as port:
        site = make_site(tmp_path, {"noop": NOOP}, f"noop.mar,http://127.0.0.1:{port}/far.mar")
        try:
            result = site.run("start", "--detach", "--wait", "5", "--ncs", "--dt")
            assert result.returncode == 1
            assert "far: its archive is not unpacked yet" in result.stderr
            for api in APIS:
                assert site.get(api, "/livez").status_code == 200
                answer = site.get(api, "/readyz?verbose")
                assert (answer.status_code, answer.text) == (
                    503,
                    "not ready for want of far\nnoop 1.0: ready, 1 of 1 workers at work\n"
                    "far: waiting: its archive is not unpacked yet\n",
                )
                assert site.get(api, "/readyz?model=far").status_code == 503
            for api in ("inference", "management"):
                answer = site.get(api, "/v1/models/far")
                assert (answer.status_code, answer.json()) == (200, {"name": "far", "ready": False})
            assert site.run("status").returncode == 1
            release.set()
            wait_until(lambda: site.get("inference", "/readyz").status_code == 200)
            assert site.run("status").returncode == 0
        finally:
            release.set()
            site.end()


def test_while_it_drains(launch):
    """Not ready from the first moment, alive to the last."""
    server = launch()
    server.register(pack(server.store / "m.mar", "m", GATED))
    model = Deployed(server, "m")
    held = model.hold()
    assert ready(server) == (200, "ready\n")
    server.process.send_signal(signal.SIGTERM)
    wait_until(lambda: ready(server)[0] == 503)
    assert ready(server, "?verbose")[1].startswith("not ready: the server is stopping\n")
    for api in ("inference", "management"):
        assert server.http.get(server.url(api, "/v1/models/m")).json()["ready"] is False
    model.open()
    assert held.result().status_code == 200
    assert server.process.wait(PATIENCE_S) == 0


@pytest.mark.parametrize("shared", [("inference", "management"), ("inference", "metrics"), APIS])
def test_a_shared_port(tmp_path, shared):
    """Probes are answered there once for all, without a token; KServe's question by whoever has it."""
    (port,) = free_ports(1)
    address = f"http://127.0.0.1:{port}"
    settings = {f"{api}_address": address for api in shared}
    settings["disable_token_authorization"] = "false"
    with serving(tmp_path / "server", settings, {"noop": NOOP}), httpx.Client(base_url=address) as http:
        wait_until(lambda: http.get("/readyz").status_code == 200)
        assert http.head("/livez").status_code == http.get("/ping").status_code == 200
        keys = json.loads((tmp_path / "server" / "key_file.json").read_text())
        token = keys["management" if "management" in shared else "inference"]["key"]
        answer = http.get("/v1/models/noop", headers={"Authorization": f"Bearer {token}"})
        assert (answer.status_code, answer.json()) == (200, {"name": "noop", "ready": True})


def test_without_a_metrics_port(tmp_path):
    """The other two answer."""
    with serving(tmp_path / "server", {"enable_metrics_api": "false"}, {"noop": NOOP}) as server:
        for api in ("inference", "management"):
            wait_until(lambda api=api: server.http.get(server.url(api, "/readyz")).status_code == 200)


def test_unix_sockets(tmp_path):
    """Each has its own."""
    settings = {f"{api}_address": f"unix:{tmp_path / api}" for api in APIS}
    with serving(tmp_path / "server", settings, {"noop": NOOP}):
        for api in APIS:
            transport = httpx.HTTPTransport(uds=str(tmp_path / api))
            with httpx.Client(transport=transport, base_url="http://h") as http:
                wait_until(lambda http=http: http.get("/readyz").status_code == 200)
                assert http.head("/livez").status_code == 200
