"""Large bodies both ways: within the limits they pass unharmed, over them the client is told (contract, section A)."""

import http.client
import socket

import pytest

from integration.net_server import error, obey, predict, read_head, serving, talk
from integration.server import PATIENCE_S, wait_until

pytestmark = pytest.mark.integration

MEGABYTE = 1024 * 1024
LIMIT = 100_000


@pytest.fixture(scope="module")
def net(tmp_path_factory):
    """A server with low limits."""
    settings = {"max_request_size": str(LIMIT), "max_response_size": str(2 * LIMIT)}
    with serving(tmp_path_factory.mktemp("limits"), settings) as server:
        yield server


def head(*lines):
    return "\r\n".join(["POST /predictions/noop HTTP/1.1", "host: h", *lines, "", ""]).encode()


def test_a_body_of_exactly_the_limit(net):
    """Is served."""
    assert predict(net, "/predictions/noop", b"x" * LIMIT).text == "ok"


@pytest.mark.parametrize("size", [LIMIT + 1, 3 * LIMIT, 8 * MEGABYTE])
def test_a_body_over_the_limit(net, size):
    """413 without a body or an id, as TorchServe's, even where the client writes it all before it reads."""
    before = net.metrics("Requests4XX", Level="Host")
    connection = http.client.HTTPConnection("127.0.0.1", net.ports["inference"], timeout=PATIENCE_S)
    connection.request("POST", "/predictions/noop", b"x" * size)
    answer = connection.getresponse()
    assert (answer.status, answer.read(), answer.getheader("x-request-id")) == (413, b"", None)
    connection.close()
    assert net.metrics("Requests4XX", Level="Host") == before


def test_after_an_oversized_body_with_a_length_the_connection_is_good(net):
    """TorchServe says nothing of closing, and serves the next request on it."""
    body = b"x" * (LIMIT + 1)
    with socket.create_connection(("127.0.0.1", net.ports["inference"]), timeout=PATIENCE_S) as client:
        client.sendall(head(f"content-length: {len(body)}") + body)
        assert read_head(client) == b"HTTP/1.1 413 Request Entity Too Large\r\ncontent-length: 0\r\n\r\n"
        client.sendall(b"GET /ping HTTP/1.1\r\nhost: h\r\n\r\n")
        assert read_head(client).startswith(b"HTTP/1.1 200")


def test_a_chunked_body_over_the_limit(net):
    """413 and the connection closes: its end was not announced."""
    chunks = b"".join(b"2710\r\n" + b"x" * 10000 + b"\r\n" for _ in range(20)) + b"0\r\n\r\n"
    answer = talk(net.ports["inference"], head("transfer-encoding: chunked") + chunks)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert answer.endswith(b"\r\n\r\n")


def test_expect_100_continue(net):
    """Who asks first is told before it sends: to go on, or that it is too much."""
    with socket.create_connection(("127.0.0.1", net.ports["inference"]), timeout=PATIENCE_S) as client:
        client.sendall(head("expect: 100-continue", "content-length: 2"))
        assert read_head(client).startswith(b"HTTP/1.1 100 Continue\r\n")
        client.sendall(b"hi")
        assert read_head(client).startswith(b"HTTP/1.1 200 ")
    with socket.create_connection(("127.0.0.1", net.ports["inference"]), timeout=PATIENCE_S) as client:
        client.sendall(head("expect: 100-continue", f"content-length: {LIMIT + 1}"))
        assert read_head(client).startswith(b"HTTP/1.1 413 ")


def test_the_limit_is_every_ports(net):
    """A management request may not be larger either."""
    answer = net.http.post(net.url("management", "/models"), content=b"x" * (LIMIT + 1))
    assert (answer.status_code, answer.content) == (413, b"")


def test_an_answer_of_exactly_the_limit(net):
    """Passes."""
    assert len(obey(net, f"[b'x' * {2 * LIMIT}]").content) == 2 * LIMIT


@pytest.mark.parametrize("size", [2 * LIMIT + 1, 3 * LIMIT])
def test_an_answer_over_the_limit(net, size):
    """500 "Worker died.", and another worker takes its place."""
    assert error(obey(net, f"[b'x' * {size}]")) == (500, "InternalServerException", "Worker died.")
    wait_until(lambda: obey(net, "['back']").text == "back", "another worker")


def test_an_asynchronous_answer_over_the_limit(tmp_path):
    """Its request fails, and its worker, which may have others in hand, goes on."""
    code = "import os\n\nclass Long:\n    async def initialize(self, context):\n        pass\n\n"
    code += "    async def handle(self, data, context):\n"
    code += "        return [b'x' * int(data[0]['body'].decode()) or str(os.getpid())]\n"
    with serving(tmp_path / "server", {"max_response_size": str(LIMIT)}, {"long": code}) as server:
        worker = predict(server, "/predictions/long", b"0").text
        assert len(predict(server, "/predictions/long", b"%d" % LIMIT).content) == LIMIT
        status, kind, text = error(predict(server, "/predictions/long", b"%d" % (LIMIT + 1)))
        assert (status, kind) == (500, "InternalServerException")
        assert text == f"an answer of {LIMIT + 1} bytes; max_response_size is {LIMIT}"
        assert predict(server, "/predictions/long", b"0").text == worker


def test_large_bodies_arrive_unharmed(tmp_path):
    """6 MB each way."""
    settings = {"max_request_size": str(7 * MEGABYTE), "max_response_size": str(7 * MEGABYTE)}
    echo = "def handle(data, context):\n    return data and [row['body'] for row in data]\n"
    body = bytes(range(256)) * (6 * MEGABYTE // 256)
    with serving(tmp_path / "server", settings, {"echo": echo}) as server:
        assert predict(server, "/predictions/echo", body).content == body


def test_the_limit_is_one_answers_not_a_batchs(tmp_path):
    """A batch of answers that are each within the limit passes, though together they are over it."""
    settings = {"max_response_size": str(LIMIT), "models": '{"obey":{"1.0":{"batchSize":4,"maxBatchDelay":2000}}}'}
    code = "def handle(data, context):\n    return data and [b'x' * 90000] * len(data)\n"
    with serving(tmp_path / "server", settings, {"obey": code}) as server:
        asked = [server.threads.submit(predict, server, "/predictions/obey", b"x") for _ in range(4)]
        assert [len(answer.result().content) for answer in asked] == [90000] * 4
