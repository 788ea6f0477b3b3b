"""Clients that begin and do not go on: each has its time, and whoever goes on in it has all the time there is."""

import http.client
import socket
import ssl
import time

import pytest
from cryptography import x509

from certificates import self_signed
from integration.limited_server import HALF, rest
from integration.net_server import NOOP, OBEY, log, obey, predict, read_head, serving
from integration.server import PATIENCE_S, free_ports, pack, wait_until

pytestmark = pytest.mark.integration

STREAM = """
import time
from ts.handler_utils.utils import send_intermediate_predict_response

def handle(data, context):
    if data is None:
        return None
    for _ in range(20):
        send_intermediate_predict_response([b"x" * 1000000], context.request_ids, "ok", 200, context)
    return [b"end"]
"""
LARGE = 6_000_000
TIMES = {"client_header_timeout": "1", "client_body_timeout": "2"}
POST = b"POST /predictions/noop HTTP/1.1\r\nhost: h\r\ncontent-length: 8192\r\n\r\n"
CLOSED = "servescope_connections_closed_total"


@pytest.fixture(scope="module")
def slow(tmp_path_factory):
    """A server that waits for its clients a second or two."""
    with serving(tmp_path_factory.mktemp("slow"), TIMES, {"noop": NOOP, "obey": OBEY, "stream": STREAM}) as server:
        pack(server.store / "kept.mar", "kept", NOOP, config="slo: {latency_ms: 1000, availability_target: 99}\n")
        assert server.register("kept.mar").status_code == 200
        yield server


def connect(server):
    return socket.create_connection(("127.0.0.1", server.ports["inference"]), timeout=PATIENCE_S)


def counted(server, reason):
    return server.metrics(CLOSED, listener="inference", reason=reason)


def malformed(server):
    return server.metrics("servescope_http_requests_total", path="malformed", code="408") or 0


def drip(client, piece, every_s):
    """Send a piece again and again until the server has had enough; what it says then."""
    client.settimeout(every_s)
    while True:
        try:
            client.sendall(piece)
            if said := client.recv(65536):
                client.settimeout(PATIENCE_S)
                return said + rest(client)
            return b""
        except TimeoutError:
            continue
        except ConnectionError:
            return b""


def test_nothing_is_said(slow):
    """The connection ends without a word, and nothing was asked."""
    ended, asked = counted(slow, "header_timeout"), malformed(slow)
    with connect(slow) as client:
        assert rest(client) == b""
    assert (counted(slow, "header_timeout"), malformed(slow)) == (ended + 1, asked)


@pytest.mark.parametrize("sent", [b"G", b"GET /pi", b"GET /ping HTTP/1.1\r\n", HALF, HALF + b"h\r\n"])
def test_half_a_header(slow, sent):
    """408, which is counted as what was no HTTP is."""
    ended, asked = counted(slow, "header_timeout"), malformed(slow)
    with connect(slow) as client:
        client.sendall(sent)
        answer = rest(client)
    assert answer.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert b"\r\nconnection: close\r\n" in answer
    assert (counted(slow, "header_timeout"), malformed(slow)) == (ended + 1, asked + 1)


def test_a_header_in_drops(slow):
    """A byte now and then is not enough."""
    ended = counted(slow, "header_timeout")
    with connect(slow) as client:
        client.sendall(b"GET /ping HTTP/1.1\r\nx: ")
        drip(client, b"y", 0.3)
    assert counted(slow, "header_timeout") == ended + 1


def test_half_a_request_behind_a_whole_one(slow):
    """The first is answered, the second has its time."""
    with connect(slow) as client:
        client.sendall(b"GET /ping HTTP/1.1\r\nhost: h\r\n\r\nGET /pi")
        answer = rest(client)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"HTTP/1.1 408 Request Timeout" in answer


def test_half_a_request_behind_one_that_is_being_answered(slow):
    """Its time begins with the answer: nobody loses that for it."""
    body = b"time.sleep(3)\n['slept']"
    with connect(slow) as client:
        head = b"POST /predictions/obey HTTP/1.1\r\nhost: h\r\ncontent-type: text/plain\r\ncontent-length: %d\r\n\r\n"
        client.sendall(head % len(body) + body + b"POST /predi")
        answer = rest(client)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"slept" in answer
    assert b"HTTP/1.1 408 Request Timeout" in answer


def test_an_idle_connection(slow):
    """Has no end, as with TorchServe; nor has one whose client sends an empty line, as old ones do after a body."""
    connection = http.client.HTTPConnection("127.0.0.1", slow.ports["inference"], timeout=PATIENCE_S)
    connection.request("GET", "/ping")
    assert connection.getresponse().read()
    connection.sock.sendall(b"\r\n")
    for _ in range(2):  # each the time of a header
        with connect(slow) as client:
            rest(client)
    connection.request("GET", "/ping")
    assert connection.getresponse().status == 200
    connection.close()


def test_a_body_that_stops(slow):
    """408, which says why, and is one of its model's; no objective counts what the client did not finish."""
    slow_body = POST.replace(b"noop", b"kept") + b"x" * 5000
    assert predict(slow, "/predictions/kept", b"x").text == "ok"
    ended = counted(slow, "body_timeout")
    with connect(slow) as client:
        client.sendall(slow_body)
        answer = rest(client)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 408 Request Timeout\r\nx-request-id: ")
    assert b"\r\nconnection: close" in head
    assert b'"type": "RequestTimeoutException"' in body
    assert b"less than 1024 bytes in 2 s (client_body_timeout)" in body
    assert counted(slow, "body_timeout") == ended + 1
    model = {"model_name": "kept"}
    assert slow.metrics("servescope_requests_total", **model, code="408") == 1
    assert slow.metrics("servescope_rejected_total", **model, reason="client_timeout") == 1
    assert slow.metrics("servescope_rejected_total", **model, reason="deadline") == 0
    assert slow.metrics("servescope_requests_in_flight", **model) == 0
    assert slow.metrics("servescope_request_duration_seconds_count", **model, outcome="client_error") == 1
    for family in ("servescope_slo_requests_total", "servescope_slo_good_total"):
        assert slow.metrics(family, **model, slo="availability") == 1
    assert slow.metrics("servescope_http_requests_total", path="/predictions/{model_name}", code="408") == 1


def test_a_body_that_stops_on_openais_path(slow):
    """The error is OpenAI's; whose it is nobody knows."""
    with connect(slow) as client:
        client.sendall(b"POST /v1/completions HTTP/1.1\r\nhost: h\r\ncontent-length: 100\r\n\r\n{")
        answer = rest(client)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b'"type": "RequestTimeoutError"' in answer


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (POST, b"x"),
        (POST.replace(b"content-length: 8192", b"transfer-encoding: chunked"), b"1\r\nx\r\n"),
        (POST.replace(b"content-length: 8192", b"transfer-encoding: chunked") + b"0\r\nx: ", b"y"),
    ],
    ids=["length", "chunks", "trailer"],
)
def test_a_body_in_drops(slow, head, piece):
    """A byte now and then is not enough, nor a trailer that has no end."""
    ended = counted(slow, "body_timeout")
    with connect(slow) as client:
        client.sendall(head)
        drip(client, piece, 0.2)
    assert counted(slow, "body_timeout") == ended + 1


def test_a_slow_body(slow):
    """A bad line that moves 1 KiB in the time has all the time it needs."""
    with connect(slow) as client:
        client.sendall(POST)
        for _ in range(8):
            client.sendall(b"x" * 1024)
            time.sleep(0.5)  # the line's pace
        assert read_head(client).startswith(b"HTTP/1.1 200 ")


def asks_for_much(port, *lines, trust=None):
    """A client with small buffers that asks for more than they hold; over TLS with `trust`."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.settimeout(PATIENCE_S)
    client.connect(("127.0.0.1", port))
    if trust is not None:
        client = trust.wrap_socket(client)
    body = b"[b'x' * %d]" % LARGE
    head = ("POST /predictions/obey HTTP/1.1", "host: h", "content-type: text/plain", f"content-length: {len(body)}")
    client.sendall("\r\n".join((*head, *lines, "", "")).encode() + body)
    return client


@pytest.mark.parametrize("lines", [(), ("connection: close",)])
def test_an_answer_that_nobody_reads(slow, lines):
    """The connection is ended, whether the server would have kept it or not."""
    ended = counted(slow, "answer_timeout")
    with asks_for_much(slow.ports["inference"], *lines) as client:
        wait_until(lambda: counted(slow, "answer_timeout") == ended + 1, "the end")
        assert len(rest(client)) < LARGE


def test_an_answer_that_is_read_slowly(slow):
    """Comes whole, however long it takes."""
    with asks_for_much(slow.ports["inference"], "connection: close") as client:
        got = pace = 0
        while piece := client.recv(65536):
            got += len(piece)
            if got // 1_500_000 > pace:
                pace += 1
                time.sleep(1)  # the client's pace
        assert got > LARGE


def test_a_stream_that_nobody_reads(slow):
    """Is broken off, and its client counted as one that left."""
    ended = counted(slow, "answer_timeout")
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", slow.ports["inference"]))
        client.sendall(b"POST /predictions/stream HTTP/1.1\r\nhost: h\r\ncontent-length: 0\r\n\r\n")
        wait_until(lambda: counted(slow, "answer_timeout") == ended + 1, "the end")
    assert wait_until(lambda: slow.metrics("servescope_requests_total", model_name="stream", code="499")) == 1


def test_tls_that_is_never_agreed_on(tmp_path):
    """A handshake has the time of a header, on every port."""
    pair = self_signed(tmp_path, x509.DNSName("localhost"))
    settings = {"certificate_file": str(pair[0]), "private_key_file": str(pair[1]), **TIMES}
    with serving(tmp_path / "server", settings, {}) as plain:
        port = plain.ports["metrics"]
    settings["metrics_address"] = f"https://127.0.0.1:{port}"
    trust = ssl.create_default_context(cafile=str(pair[0]))
    trust.check_hostname = False
    with serving(tmp_path / "secure", settings, {}):
        for sent in (b"", b"\x16\x03\x01"):
            with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as client:
                client.sendall(sent)
                assert rest(client) == b""
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as raw, trust.wrap_socket(raw) as client:
            client.sendall(b"GET /metrics HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n")
            page = rest(client)
        assert b'servescope_connections_closed_total{listener="metrics",reason="header_timeout",} 2.0' in page


def test_an_answer_over_tls_that_nobody_reads(tmp_path):
    """Has as long as one without; one that is read slowly comes whole."""
    certificate, key = self_signed(tmp_path, x509.DNSName("localhost"))
    (port,) = free_ports(1)
    settings = {"certificate_file": str(certificate), "private_key_file": str(key), **TIMES}
    settings["inference_address"] = f"https://127.0.0.1:{port}"
    trust = ssl.create_default_context(cafile=str(certificate))
    trust.check_hostname = False
    with serving(tmp_path / "secure", settings, {"obey": OBEY}) as server:
        with asks_for_much(port, trust=trust) as client:
            wait_until(lambda: counted(server, "answer_timeout") == 1, "the end")
        with asks_for_much(port, "connection: close", trust=trust) as client:
            got = turns = 0
            while piece := client.recv(65536):
                got += len(piece)
                turns += 1
                if turns <= 60:
                    time.sleep(0.1)  # the client's pace
            assert got > LARGE
        assert counted(server, "answer_timeout") == 1


@pytest.mark.parametrize("sent", [b"", HALF])
def test_a_unix_socket(tmp_path, sent):
    """Is like any other."""
    path = tmp_path / "s"
    with (
        serving(tmp_path / "server", {"inference_address": f"unix:{path}", **TIMES}, {}),
        socket.socket(socket.AF_UNIX) as client,
    ):
        client.settimeout(PATIENCE_S)
        client.connect(str(path))
        client.sendall(sent)
        assert rest(client).startswith(b"HTTP/1.1 408 " if sent else b"")


def test_those_who_waited_are_served(slow):
    """After all of this."""
    assert obey(slow, "['fine']").text == "fine"
    assert "Traceback" not in log(slow, "ts_log.log")
