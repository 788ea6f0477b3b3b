"""Several processes that speak HTTP: connections in turn, one that is killed or hangs, and nothing counted wrongly by that."""

import os
import signal
import socket
import ssl
import threading
import time
from contextlib import ExitStack

import httpx
import psutil
import pytest
from cryptography import x509

from certificates import loopback_pair
from integration.limited_server import rest
from integration.net_server import NOOP, read_head
from integration.server import PATIENCE_S, alive, free_ports, hang_up, pack, wait_until

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
# A stream of a megabyte a piece.
STREAM = """
def handle(data, context):
    if not data:
        return None
    from ts.handler_utils.utils import send_intermediate_predict_response
    for _ in range(64):
        send_intermediate_predict_response([b"x" * 2**20], context.request_ids, "m", 200, context)
    return [b"end"]
"""
# More than the system takes of an answer that nobody reads.
LARGE = """
def handle(data, context):
    return data and [b"x" * 6_000_000] * len(data)
"""
LOST = "servescope_front_end_lost_requests_total"
RESTARTS = "servescope_front_end_restarts_total"


def holder(server, client):
    """The one of them that has a client's connection."""
    port = client.getsockname()[1]

    def found():
        for process in server.front_ends():
            if any(link.raddr and link.raddr.port == port for link in process.net_connections("tcp")):
                return process
        return None

    return wait_until(found, "the connection to be taken")


@pytest.fixture
def wide(launch):
    """A server with two of them, and models."""
    server = launch(front_ends="2")
    for name, code in {"noop": NOOP, "gated": GATED, "stream": STREAM, "large": LARGE}.items():
        assert server.register(pack(server.store / f"{name}.mar", name, code), batch_size=1).status_code == 200
    return server


def asked(server, model="noop"):
    """A new client's answer."""
    with httpx.Client(timeout=PATIENCE_S) as client:
        return client.post(server.url("inference", f"/predictions/{model}"), content=b"x").text


def both_serve(server):
    """As shown in the metrics."""
    return server.metrics("servescope_front_ends", state="serving") == 2


def test_connections_are_dealt_in_turn(wide):
    """Each has as many."""
    port = wide.ports["inference"]
    with ExitStack() as stack:
        clients = [stack.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(20)]
        for client in clients:
            client.sendall(b"GET /ping HTTP/1.1\r\nhost: h\r\n\r\n")
            client.settimeout(PATIENCE_S)
            assert read_head(client).startswith(b"HTTP/1.1 200 ")
        counts = [len([each for each in clients if holder(wide, each) == process]) for process in wide.front_ends()]
        assert counts == [10, 10]
        assert wide.metrics("servescope_connections", listener="inference", state="idle") == 20
    wait_until(lambda: wide.metrics("servescope_connections", listener="inference", state="idle") == 0)


@pytest.mark.parametrize(
    ("number", "reason"), [(signal.SIGKILL, "died"), (signal.SIGSTOP, "hung")], ids=["killed", "hanging"]
)
def test_one_that_ends(wide, number, reason):
    """Its clients see the end of their connections, and are counted as lost; the other goes on, and a new one comes."""
    port = wide.ports["inference"]
    with ExitStack() as stack:
        clients = [stack.enter_context(hang_up(port, "/predictions/gated", b"x")) for _ in range(6)]
        wait_until(lambda: wide.metrics("servescope_requests_in_flight", model_name="gated") == 6)
        doomed = holder(wide, clients[0])
        lost = [client for client in clients if holder(wide, client) == doomed]
        os.kill(doomed.pid, number)
        late = [stack.enter_context(hang_up(port, "/predictions/noop", b"x")) for _ in range(4)]
        for client in lost:
            client.settimeout(PATIENCE_S)
            assert rest(client) == b""
        wait_until(lambda: both_serve(wide), "another one")
        assert doomed not in wide.front_ends()
        assert len(wide.front_ends()) == 2
        for client in late:  # also those that were dealt to it
            client.settimeout(PATIENCE_S)
            assert read_head(client).startswith(b"HTTP/1.1 200 ")
        (wide.notes / "go").touch()
        for client in set(clients) - set(lost):
            client.settimeout(PATIENCE_S)
            assert read_head(client).startswith(b"HTTP/1.1 200 ")
    assert wide.metrics(LOST, reason=reason) == len(lost) == 3
    assert wide.metrics(RESTARTS, reason=reason) == 1
    assert wide.metrics("servescope_requests_total", model_name="gated", code="502") == 3
    assert wide.metrics("servescope_requests_total", model_name="gated", code="200") == 3
    assert [asked(wide) for _ in range(4)] == ["ok"] * 4


def test_all_killed_at_once(wide):
    """Whoever comes meanwhile waits for those that come instead."""
    before = wide.front_ends()
    for process in before:
        process.kill()
    assert [asked(wide) for _ in range(4)] == ["ok"] * 4
    wait_until(lambda: both_serve(wide), "both again")
    assert not set(before) & set(wide.front_ends())
    assert wide.metrics(RESTARTS, reason="died") == 2
    assert wide.metrics(LOST, reason="died") == 0


def test_killed_again_and_again_under_load(wide):
    """Whoever has read an answer is counted with it, but for those answers that were on their way out at that moment."""
    going = threading.Event()
    read, broken = [0] * 8, [0] * 8

    def ask(place):
        while not going.is_set():
            with httpx.Client(timeout=PATIENCE_S) as client:
                try:
                    while not going.is_set():
                        assert client.post(wide.url("inference", "/predictions/noop"), content=b"x").text == "ok"
                        read[place] += 1
                except httpx.TransportError:
                    broken[place] += 1

    askers = [threading.Thread(target=ask, args=(place,)) for place in range(8)]
    for asker in askers:
        asker.start()
    try:
        for killed in range(1, 5):
            before = sum(read)
            wait_until(lambda before=before: sum(read) > before + 50, "answers")
            wide.front_ends()[0].kill()
            wait_until(lambda killed=killed: wide.metrics(RESTARTS, reason="died") == killed)
            wait_until(lambda: both_serve(wide), "another one")
    finally:
        going.set()
        for asker in askers:
            asker.join()
    total = "servescope_requests_total"
    wait_until(lambda: wide.metrics("servescope_requests_in_flight", model_name="noop") == 0)
    # One that is busy is not waited for by a scrape for long, and tells the next.
    wait_until(lambda: wide.metrics(total, model_name="noop", code="200") >= sum(read) - 8, "the clients' books")
    counted, lost = wide.metrics(total, model_name="noop", code="200"), wide.metrics(LOST, reason="died")
    assert (wide.metrics(total, model_name="noop", code="502") or 0) == lost
    # Killed between handing an answer to the system and saying so: its client has it, and it counts as lost.
    spoken = sum(read) - counted
    assert 0 <= spoken <= lost <= sum(broken) + spoken


def slow_reader(server):
    """A client that has asked for a large answer, and has little room for it."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.settimeout(PATIENCE_S)
    client.connect(("127.0.0.1", server.ports["inference"]))
    client.sendall(b"POST /predictions/large HTTP/1.1\r\nhost: h\r\ncontent-length: 0\r\n\r\n")
    return client


def test_killed_with_an_answer_in_hand(wide):
    """That its client has yet to read the most of: it has lost it, and the request counts as lost, once."""
    total = "servescope_requests_total"
    with slow_reader(wide) as client:
        assert read_head(client).startswith(b"HTTP/1.1 200 ")
        assert [asked(wide) for _ in range(4)] == ["ok"] * 4
        wait_until(lambda: wide.metrics(total, model_name="noop", code="200") == 4)
        assert wide.metrics("servescope_requests_in_flight", model_name="large") == 1
        holder(wide, client).kill()
        assert len(rest(client)) < 6_000_000
    wait_until(lambda: wide.metrics(RESTARTS, reason="died") == 1)
    assert wide.metrics(LOST, reason="died") == 1
    assert wide.metrics(total, model_name="large", code="502") == 1
    assert not wide.metrics(total, model_name="large", code="200")


def test_what_nobody_reads_is_not_read_from_the_worker(wide):
    """A client that is slow holds its stream up as it would with one process."""
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", wide.ports["inference"]))
        client.sendall(b"POST /predictions/stream HTTP/1.1\r\nhost: h\r\ncontent-length: 0\r\n\r\n")
        holding = holder(wide, client)
        # The server's own limit on what waits for a client, 32 MiB, breaks the stream off: nothing has piled up behind it.
        wait_until(lambda: wide.metrics("servescope_requests_total", model_name="stream", code="499") == 1)
        assert holding.memory_info().rss < 100 * 2**20


def test_the_end_of_the_server(wide):
    """Waits for what is in hand, and leaves no process."""
    family = wide.everybody()
    client = hang_up(wide.ports["inference"], "/predictions/gated", b"x")
    wait_until(lambda: wide.metrics("servescope_requests_in_flight", model_name="gated") == 1)
    wide.process.terminate()
    wait_until(lambda: "Stopping: 1 requests are in flight" in wide.console())
    (wide.notes / "go").touch()
    client.settimeout(PATIENCE_S)
    assert read_head(client).startswith(b"HTTP/1.1 200 ")
    assert wide.process.wait(PATIENCE_S) == 0
    client.close()
    wait_until(lambda: not alive(family), "the end of all")
    assert "Front end" not in wide.console()


def test_the_end_waits_for_an_answer_in_hand(wide):
    """As for any request: its client gets all of it."""
    with slow_reader(wide) as client:
        assert read_head(client).startswith(b"HTTP/1.1 200 ")
        wide.process.terminate()
        wait_until(lambda: "Stopping: 1 requests are in flight" in wide.console())
        assert len(rest(client)) == 6_000_000
        assert wide.process.wait(PATIENCE_S) == 0


@pytest.mark.parametrize("pause_s", [0, 0.05, 0.15, 0.3])
def test_the_end_while_others_come(wide, pause_s):
    """Leaves no process, nor a client that was given to those that had yet to come."""
    for process in wide.front_ends():
        process.kill()
    time.sleep(pause_s)  # which of the moments until they serve
    family = wide.everybody()
    with hang_up(wide.ports["inference"], "/predictions/noop", b"x") as client:
        client.settimeout(PATIENCE_S)
        wide.process.terminate()
        assert wide.process.wait(PATIENCE_S) == 0
        assert rest(client)[:5] in (b"", b"HTTP/")
    wait_until(lambda: not alive(family), "the end of all")


def test_a_killed_server(wide):
    """Takes them with it."""
    family = wide.everybody()
    wide.process.kill()
    wide.process.wait()
    psutil.wait_procs(family, timeout=PATIENCE_S)
    assert not alive(family)


def test_a_new_certificate(launch, tmp_path):
    """Reaches all of them; with a SIGHUP at once."""
    certificate, key = loopback_pair(tmp_path)
    (port,) = free_ports(1)
    server = launch(
        front_ends="2",
        inference_address=f"https://127.0.0.1:{port}",
        certificate_file=str(certificate),
        private_key_file=str(key),
    )

    def serials():
        return {_serial(port) for _ in range(4)}  # two of each

    before = x509.load_pem_x509_certificate(certificate.read_bytes()).serial_number
    assert serials() == {before}
    loopback_pair(tmp_path)
    after = x509.load_pem_x509_certificate(certificate.read_bytes()).serial_number
    server.process.send_signal(signal.SIGHUP)
    wait_until(lambda: serials() == {after}, "the new certificate")


def test_a_certificate_that_cannot_be_used(launch, tmp_path):
    """Is told of as with one process, and at once."""
    certificate, key = loopback_pair(tmp_path)
    key.write_text("no key")
    (port,) = free_ports(1)
    with pytest.raises(AssertionError, match=r"TLS cannot be set up: private_key_file=\S+ has no private key in it"):
        launch(
            front_ends="2",
            inference_address=f"https://127.0.0.1:{port}",
            certificate_file=str(certificate),
            private_key_file=str(key),
        )


def _serial(port):
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", port)) as plain, context.wrap_socket(plain) as secure:
        return x509.load_der_x509_certificate(secure.getpeercert(binary_form=True)).serial_number
