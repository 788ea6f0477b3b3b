"""A server that may have 128 files and connections open, and more clients than that: predictions, operators and scrapes go on."""

import os
import resource
import socket
import ssl
from contextlib import ExitStack

import httpx
import pytest
from cryptography import x509

from certificates import self_signed
from integration.limited_server import HALF, crowd, is_open, limited, rest
from integration.net_server import NOOP, error, log, predict, read_head, run_start, site
from integration.server import PATIENCE_S, free_ports, hang_up, pack, wait_until

pytestmark = pytest.mark.integration

# Answers once its gate is open.
GATED = """
import os, pathlib, time

GO = pathlib.Path(os.environ["NOTES"]) / "go"

def handle(data, context):
    while data and not GO.exists():
        time.sleep(0.005)
    return data and [b"ok"] * len(data)
"""
PING = b"GET /ping HTTP/1.1\r\nhost: h\r\n\r\n"
OUT = "servescope_connections_closed_total"


@pytest.fixture
def few(tmp_path):
    """Such a server."""
    with limited(tmp_path / "server", {"noop": NOOP, "gated": GATED}) as server:
        wait_until(lambda: server.ping() == 200, "the models")
        yield server


def all_work(server):
    """New clients of all three ports get their answers, and a model can be scaled, registered and taken away."""
    with httpx.Client(timeout=PATIENCE_S) as client:
        assert client.post(server.url("inference", "/predictions/noop"), content=b"x").text == "ok"
    with httpx.Client(timeout=PATIENCE_S) as client:
        assert "servescope_connections" in client.get(server.url("metrics", "/metrics")).text
    with httpx.Client(timeout=PATIENCE_S) as client:
        models = server.url("management", "/models")
        scaled = client.put(f"{models}/noop", params={"min_worker": 2, "max_worker": 2, "synchronous": "true"})
        assert scaled.status_code == 200, scaled.text
        how = {"url": "late.mar", "initial_workers": 1, "synchronous": "true"}
        registered = client.post(models, params=how)
        assert registered.status_code == 200, registered.text
        assert client.delete(f"{models}/late").status_code == 200


def test_half_requests(few):
    """300 that never come whole keep nobody out, are told of and counted; when they go everything is as it was."""
    pack(few.store / "late.mar", "late", NOOP)
    before = few.open_files
    with crowd(few.ports["inference"], 300, HALF) as clients:
        all_work(few)
        assert few.metrics("servescope_connections", listener="inference", state="header") > 30
        assert few.metrics(OUT, listener="inference", reason="no_descriptors") > 200
        assert is_open(clients[-1])  # those who came last have the longest to go
        assert rest(clients[0]).startswith(b"HTTP/1.1 408 ")
    wait_until(lambda: few.open_files <= before + 5, "the end of all of them")
    assert few.metrics("servescope_connections", listener="inference", state="header") == 0
    said = [line for line in log(few, "ts_log.log").splitlines() if "File descriptors run out" in line]
    assert len(said) == 1
    assert "this process may have 128 (ulimit -n)" in said[0]
    all_work(few)


@pytest.mark.parametrize("api", ["management", "metrics"])
def test_half_requests_to_operators_ports(few, api):
    """Keep nobody out either."""
    pack(few.store / "late.mar", "late", NOOP)
    with crowd(few.ports[api], 300, HALF):
        all_work(few)


@pytest.mark.parametrize("sent", [b"", b"G", PING, b"POST /predictions/noop HTTP/1.1\r\nhost: h\r\ncontent-le"])
def test_other_halves(few, sent):
    """Who says nothing, or has been answered and waits."""
    pack(few.store / "late.mar", "late", NOOP)
    with crowd(few.ports["inference"], 300, sent):
        all_work(few)


def test_who_goes_first(few):
    """Idle connections, the longest idle first; then those without a whole header; nobody whose request is in hand."""
    port = few.ports["inference"]
    with ExitStack() as stack:
        halves = stack.enter_context(crowd(port, 10, HALF))
        idle = stack.enter_context(crowd(port, 20, PING))
        for client in idle:
            assert read_head(client).startswith(b"HTTP/1.1 200 ")
            client.recv(1000)
        busy = [stack.enter_context(hang_up(port, "/predictions/gated", b"x")) for _ in range(10)]
        wait_until(lambda: few.metrics("servescope_requests_in_flight", model_name="gated") == 10)
        gone = 0
        while gone < 10:
            assert gone < 20
            late = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S))
            late.sendall(PING)
            assert read_head(late).startswith(b"HTTP/1.1 200 ")
            late.recv(1000)
            alive = [is_open(client) for client in idle]
            gone = alive.count(False)
            assert alive == [False] * gone + [True] * (20 - gone)
        assert all(map(is_open, halves))
        more = stack.enter_context(crowd(port, 100, HALF))
        assert rest(halves[0]).startswith(b"HTTP/1.1 408 ")
        assert not any(map(is_open, idle))
        assert is_open(more[-1])
        (few.notes / "go").touch()
        for client in busy:
            client.settimeout(PATIENCE_S)
            assert read_head(client).startswith(b"HTTP/1.1 200 ")


def test_all_are_served(few):
    """Where every connection has a request in hand, others wait for their turn; operators do not, and nobody is lost."""
    port = few.ports["inference"]
    with ExitStack() as stack:
        asked = [stack.enter_context(hang_up(port, "/predictions/gated", b"x")) for _ in range(90)]
        wait_until(
            lambda: few.metrics("servescope_accept_failures_total", listener="inference", reason="process_limit")
        )
        assert few.metrics("servescope_connections", listener="inference", state="answering") < 90
        assert few.manage("GET", "/models/noop").status_code == 200
        (few.notes / "go").touch()
        for client in asked:
            client.settimeout(PATIENCE_S)
            assert read_head(client).startswith(b"HTTP/1.1 200 ")


def test_bodies_that_stand_still(few):
    """Go last, and tell their model."""
    head = b"POST /predictions/noop HTTP/1.1\r\nhost: h\r\ncontent-length: 10\r\n\r\nx"
    with crowd(few.ports["inference"], 100, head):
        with httpx.Client(timeout=PATIENCE_S) as client:
            assert client.post(few.url("inference", "/predictions/noop"), content=b"x").text == "ok"
        assert few.metrics("servescope_rejected_total", model_name="noop", reason="client_timeout") > 0
        assert few.metrics("servescope_connections", listener="inference", state="body") > 30


def test_tls(tmp_path):
    """Handshakes that never end keep nobody out."""
    pair = self_signed(tmp_path, x509.DNSName("localhost"))
    (port,) = free_ports(1)
    settings = {"certificate_file": str(pair[0]), "private_key_file": str(pair[1])}
    settings["inference_address"] = f"https://127.0.0.1:{port}"
    trust = ssl.create_default_context(cafile=str(pair[0]))
    trust.check_hostname = False
    with limited(tmp_path / "server", {"noop": NOOP}, settings) as server, ExitStack() as stack:
        for sent in (b"", b"\x16\x03\x01", HALF):
            stack.enter_context(crowd(port, 100, sent))
        with httpx.Client(verify=trust, timeout=PATIENCE_S) as client:
            assert client.post(f"https://127.0.0.1:{port}/predictions/noop", content=b"x").text == "ok"
        assert server.metrics(OUT, listener="inference", reason="no_descriptors") > 50


def test_unix_sockets(tmp_path):
    """Are like any others."""
    path = tmp_path / "s"
    with limited(tmp_path / "server", {"noop": NOOP}, {"inference_address": f"unix:{path}"}), ExitStack() as stack:
        for _ in range(300):
            client = stack.enter_context(socket.socket(socket.AF_UNIX))
            client.connect(str(path))
            client.sendall(HALF)
        with httpx.Client(transport=httpx.HTTPTransport(uds=str(path)), timeout=PATIENCE_S) as http:
            assert http.post("http://h/predictions/noop", content=b"x").text == "ok"


def test_one_port_for_all(tmp_path):
    """Keeps enough for a worker."""
    (port,) = free_ports(1)
    settings = {f"{api}_address": f"http://127.0.0.1:{port}" for api in ("inference", "management", "metrics")}
    with limited(tmp_path / "server", {"noop": NOOP}, settings) as server, crowd(port, 300, HALF):
        pack(server.store / "late.mar", "late", NOOP)
        server.ports = dict.fromkeys(server.ports, port)
        all_work(server)


def test_no_descriptor_for_a_worker(few):
    """A launch that finds too few says so and leaves nothing behind; when there are some again it works."""
    pack(few.store / "late.mar", "late", NOOP)
    assert predict(few, "/predictions/noop", b"x").text == "ok"
    few.allow(few.open_files + 6)
    for _ in range(3):
        assert error(few.register("late.mar"))[0] == 500
    why = "cannot start a worker: [Errno 24] Too many open files: it takes 16, and this process may have"
    assert log(few, "ts_log.log").count(why) >= 3
    assert predict(few, "/predictions/noop", b"x").text == "ok"
    few.allow(128)
    assert few.register("late.mar").status_code == 200
    assert predict(few, "/predictions/late", b"x").text == "ok"
    few.manage("DELETE", "/models/late")
    all_work(few)


def test_no_descriptor_for_an_archive(few):
    """The error says what is lacking; the ports go on as they are, and later it works."""
    pack(few.store / "late.mar", "late", NOOP)
    with httpx.Client(timeout=PATIENCE_S) as client:
        models = few.url("management", "/models")
        assert client.get(models).status_code == 200
        few.allow(20)  # fewer than it has open
        answer = client.post(models, params={"url": "late.mar"})
        few.allow(128)
        assert answer.status_code == 500
        assert "Too many open files" in answer.json()["message"]
        assert client.post(models, params={"url": "late.mar"}).status_code == 200


def test_the_soft_limit_is_raised(tmp_path):
    """To the hard one, and a low one is named in the log."""
    with limited(tmp_path / "server", {}, files=(64, 1000)) as server:
        assert resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE) == (1000, 1000)
        assert "This process may have 1000 files and connections open (ulimit -Hn)" in log(server, "ts_log.log")
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard >= 4096:
        with limited(tmp_path / "other", {}, files=(64, hard)) as server:
            assert "files and connections open (ulimit" not in log(server, "ts_log.log")


def test_a_limit_that_is_too_low(tmp_path):
    """Ends the start, and is named."""
    result = run_start(site(tmp_path / "here"), preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40)))
    assert result.returncode == 1
    assert "ulimit -n is 40: a server needs 64 open files at least" in result.stderr


def test_the_worker_has_what_the_server_has(few):
    """A handler may open as many files."""
    worker = next(process for process in few.family() if "servescope.worker" in process.cmdline())
    assert resource.prlimit(worker.pid, resource.RLIMIT_NOFILE) == (128, 128)
    assert os.path.exists(f"/proc/{worker.pid}")
