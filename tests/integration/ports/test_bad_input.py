"""Hostile and broken clients: malformed HTTP, floods, half requests, pipelines, hang-ups. Nobody else must notice."""

import contextlib
import socket

import pytest

from integration.net_server import error, obey, predict, read_head, serving, stop, talk
from integration.server import PATIENCE_S, hang_up, wait_until

pytestmark = pytest.mark.integration

LAST = b"GET /ping HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n"


@pytest.fixture(scope="module")
def net(tmp_path_factory):
    """A server whose workers must all be the same at the end as at the beginning."""
    with serving(tmp_path_factory.mktemp("bad"), {"job_queue_size": "1000"}) as server:
        for name in ("noop", "probe", "obey"):
            wait_until(lambda name=name: predict(server, f"/predictions/{name}", b"['x']").status_code == 200, name)
        before = {process.pid for process in server.family()}
        yield server
        assert {process.pid for process in server.family()} == before


@pytest.fixture(autouse=True)
def _unharmed(net):
    """After each test the server answers as ever."""
    yield
    assert net.ping() == 200
    assert predict(net, "/predictions/noop", b"x").text == "ok"


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GARBAGE\r\n\r\n",
        b"GET /ping HTTP/9.9\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET /ping HTTP/1.1\r\nho st: h\r\n\r\n",
        b"GET /ping HTTP/1.1\r\nx: a\0b\r\n\r\n",
        b"POST /ping HTTP/1.1\r\ncontent-length: abc\r\n\r\n",
        b"POST /ping HTTP/1.1\r\ncontent-length: -5\r\n\r\n",
        b"POST /ping HTTP/1.1\r\ncontent-length: 99999999999999999999999\r\n\r\n",
        b"POST /ping HTTP/1.1\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nabc",
        b"POST /ping HTTP/1.1\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /ping HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
    ],
)
@pytest.mark.parametrize("api", ["inference", "management", "metrics"])
def test_malformed_http(net, api, request_bytes):
    """A plain 400, and the connection is closed."""
    answer = talk(net.ports[api], request_bytes)
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b"content-type: text/plain" in answer


def test_nonsense_after_a_good_request(net):
    """The good one is answered."""
    answer = talk(net.ports["inference"], b"GET /ping HTTP/1.1\r\nhost: h\r\n\r\n", b"GARBAGE\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"HTTP/1.1 400 Bad Request\r\n" in answer


def test_pipelined_requests_are_answered_in_order(net):
    """Slow ones before fast ones, with bodies; each by its own answer."""
    body = b"time.sleep(0.05)\n['slow']"
    slow = b"POST /predictions/obey HTTP/1.1\r\nhost: h\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)
    fast = b"GET /predictions/noop HTTP/1.1\r\nhost: h\r\n\r\n"
    unknown = b"GET /what HTTP/1.1\r\nhost: h\r\n\r\n"
    answer = talk(net.ports["inference"], slow + fast + slow + fast + unknown)
    found = [piece.partition(b"\r\n\r\n")[2] for piece in answer.split(b"HTTP/1.1 ")[1:]]
    assert found[:4] == [b"slow", b"ok", b"slow", b"ok"]
    assert b"ResourceNotFoundException" in found[4]


def test_a_flood_of_pings_on_one_connection(net):
    """A thousand requests in one write; every one is answered."""
    ping = LAST.replace(b"connection: close\r\n", b"")
    assert talk(net.ports["inference"], ping * 1000 + LAST).count(b"HTTP/1.1 200 OK") == 1001


def test_many_headers(net):
    """Somewhat more than anybody sends is served."""
    lines = b"".join(b"x-%d: %b\r\n" % (number, b"y" * 20) for number in range(200))
    assert b" 200 OK" in talk(net.ports["inference"], LAST.replace(b"\r\n\r\n", b"\r\n" + lines + b"\r\n", 1))


def test_headers_without_end(net):
    """They are not collected until memory runs out: the server refuses them, and closes."""
    line = b"x-flood: " + b"y" * 8000 + b"\r\n"

    def flood():
        with socket.create_connection(("127.0.0.1", net.ports["inference"]), timeout=PATIENCE_S) as client:
            client.sendall(b"GET /ping HTTP/1.1\r\n" + line * 4000)  # 32 MB
            while client.recv(65536):
                pass

    with contextlib.suppress(OSError):  # a reset or a broken pipe is an end as well
        flood()


def test_half_requests_hold_up_nobody(net):
    """Clients that stop in the midst of a head or a body wait; others are served."""
    with socket.create_connection(("127.0.0.1", net.ports["inference"])) as head:
        head.sendall(b"POST /predictions/noop HTTP/1.1\r\nhost: h\r\nconte")
        with socket.create_connection(("127.0.0.1", net.ports["inference"])) as body:
            body.sendall(b"POST /predictions/noop HTTP/1.1\r\nhost: h\r\ncontent-length: 5\r\n\r\nab")
            assert predict(net, "/predictions/noop", b"x").text == "ok"
            body.sendall(b"cde")
            assert read_head(body).startswith(b"HTTP/1.1 200")


def test_half_requests_do_not_delay_the_end(tmp_path):
    """A server with half a request on each port stops at once, with status 0."""
    with serving(tmp_path / "server", models={}) as server:
        clients = [socket.create_connection(("127.0.0.1", port)) for port in server.ports.values()]
        for client in clients:
            client.sendall(b"POST /predictions/noop HTTP/1.1\r\nhost: h\r\ncontent-length: 5\r\n\r\nab")
        assert server.ping() == 200
        assert stop(server) == 0
        for client in clients:
            client.close()


def test_clients_that_hang_up(net):
    """In the midst of a body, and before the answer."""
    for _ in range(20):
        hang_up(net.ports["inference"], "/predictions/noop", b"x").close()
        with socket.create_connection(("127.0.0.1", net.ports["inference"])) as client:
            client.sendall(b"POST /predictions/noop HTTP/1.1\r\nhost: h\r\ncontent-length: 500\r\n\r\nab")


@pytest.mark.parametrize(
    "path", ["/predictions/%zz", "/predictions/%00", "/predictions/%2e%2e", "/predictions/%F0%9F%98%80", "/" * 2000]
)
def test_odd_paths(net, path):
    """An answer, not a traceback."""
    head = f"GET {path} HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n"
    status = int(talk(net.ports["inference"], head.encode())[9:12])
    assert status in (404, 405)


def test_log_lines_cannot_be_forged(net):
    """Neither a path nor a request id makes a line of its own in the access log."""
    head = "GET /predictions/a%0A2026-01-01T00:00:00,000%20-%20forged HTTP/1.1\r\nx-request-id: a\tb\r\nconnection: close\r\n\r\n"
    talk(net.ports["inference"], head.encode())
    log = net.directory / "logs" / "access_log.log"
    wait_until(lambda: "forged" in log.read_text(), "the line")
    assert not [line for line in log.read_text().splitlines() if line.startswith("2026-01-01")]


@pytest.mark.parametrize(
    "name", ["content-length", "transfer-encoding", "connection", "x-request-id", "Content-Length"]
)
def test_a_handler_cannot_break_the_framing(net, name):
    """Headers that are the server's own stay so, once."""
    value = {"transfer-encoding": "chunked", "connection": "close"}.get(name, "1")
    answer = obey(net, f"context.set_response_header(0, {name!r}, {value!r})\n['whole answer']")
    assert (answer.status_code, answer.text) == (200, "whole answer")
    assert len(answer.headers.get_list(name.lower())) == (0 if name == "transfer-encoding" else 1)


@pytest.mark.parametrize("header", ["'x-a', 'b\\r\\nx-c: d'", "'x a', 'b'", "'', 'b'"])
def test_a_handler_cannot_split_the_answer(net, header):
    """A header that HTTP cannot carry is an error that names it."""
    status, type_name, message = error(obey(net, f"context.set_response_header(0, {header})\n['x']"))
    assert (status, type_name) == (500, "InternalServerException")
    assert "Invalid response header" in message


@pytest.mark.parametrize("code", [200, 204, 299])
def test_an_exception_with_a_good_status(net, code):
    """PredictionException("…", 200) is answered like any other."""
    answer = obey(net, f"raise PredictionException('told', {code})\n0")
    assert answer.status_code in (code, 500)


def test_a_client_that_never_reads(net):
    """Is answered no further than its connection takes: answers that nobody reads would fill the memory."""
    with socket.create_connection(("127.0.0.1", net.ports["inference"]), timeout=PATIENCE_S) as client:
        before = net.metrics("Requests2XX", Level="Host")
        client.sendall(b"GET /api-description HTTP/1.1\r\nhost: h\r\n\r\n" * 1500)  # for some 100 MB of answers
        for _ in range(100):
            net.ping()
        assert net.metrics("Requests2XX", Level="Host") < before + 1500
