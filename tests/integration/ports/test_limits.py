"""Large bodies both ways: within the limits they pass unharmed, over them the client is told (contract, section A)."""

import http.client
import socket

import httpx
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


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (f"[b'x' * {2 * LIMIT + 1}]", f"an answer of {2 * LIMIT + 1} bytes; max_response_size is {2 * LIMIT}"),
        (f"[b'x' * {200 * LIMIT}]", f"an answer of {200 * LIMIT} bytes; max_response_size is {2 * LIMIT}"),
        (
            f"[context.set_response_header(0, f'x{{n}}', 'v' * 95) or 'ok' for n in range(2000)][:1]"
            f" and [context.set_response_header(0, 'y', 'v' * {LIMIT}) or 'ok']",
            "response headers of",
        ),
        ("[context.set_response_status(10**300) or 'ok']", "Invalid response status 1000000"),
        (r"[context.set_response_header(0, 'x', '\udc80') or 'ok']", "Invalid response header 'x'"),
    ],
    ids=["one more", "much more", "headers", "status", "header"],
)
def test_an_answer_that_no_client_can_have(net, code, text):
    """Is its request's own 500, which says why, and the worker that gave it lives."""
    worker = obey(net, "[str(__import__('os').getpid())]").text
    status, kind, message = error(obey(net, code))
    assert (status, kind) == (500, "InternalServerException")
    assert message.startswith(text)
    assert "max_response_size" in message or "Invalid" in message
    assert obey(net, "[str(__import__('os').getpid())]").text == worker


def test_headers_within_the_limit(net):
    """Pass, however many they are."""
    code = "[context.set_response_header(0, f'x{n}', 'v' * 90) or 'ok' for n in range(800)][:1]"
    assert len(obey(net, code).headers["x799"]) == 90


def test_a_piece_over_the_limit_breaks_its_stream(net):
    """What came before it came, and the worker goes on."""
    worker = obey(net, "[str(__import__('os').getpid())]").text
    code = f"context.send_partial(['first'], 200)\ncontext.send_partial(['x' * {3 * LIMIT}], 200)\n['last']"
    pieces = []

    def read():
        with net.http.stream("POST", net.url("inference", "/predictions/obey"), content=code.encode()) as answer:
            pieces.extend(answer.iter_bytes())

    with pytest.raises(httpx.RemoteProtocolError):
        read()
    assert pieces == [b"first"]
    assert obey(net, "[str(__import__('os').getpid())]").text == worker


def test_an_error_that_says_too_much(net):
    """Is cut to 64 KiB, with a mark; so is what goes to the log."""
    before = net.console()
    status, _, message = error(obey(net, "(_ for _ in ()).throw(PredictionException('x' * 10_000_000, 500))"))
    assert status == 500
    assert len(message.encode()) == 64 * 1024
    assert message.endswith("… (cut: 10000000 characters)")
    assert error(obey(net, "1/0"))[0] == 503
    assert len(net.console()) - len(before) < 200_000


def test_a_line_that_is_too_long(net):
    """Is several lines of the model log, and nothing of it is lost."""
    obey(net, "print('q' * 300_000 + 'end') or ['ok']")
    wait_until(lambda: "qend" in net.console(), "the line's end")
    lines = [line for line in net.console().splitlines() if "qqq" in line and "print" not in line]
    assert max(map(len, lines)) < 64 * 1024 + 200
    assert sum(line.count("q") for line in lines) >= 300_000


BATCH = """
def handle(data, context):
    return data and [b"x" * int(row["body"]) for row in data]
"""


def test_the_neighbours_of_an_answer_over_the_limit(tmp_path):
    """Have theirs, of the same batch."""
    settings = {"max_response_size": str(LIMIT), "models": '{"obey":{"1.0":{"batchSize":4,"maxBatchDelay":5000}}}'}
    with serving(tmp_path / "server", settings, {"obey": BATCH}) as server:
        sizes = [10, LIMIT, LIMIT + 1, 70_000]
        asked = [server.threads.submit(predict, server, "/predictions/obey", b"%d" % size) for size in sizes]
        answers = [answer.result() for answer in asked]
        assert [answer.status_code for answer in answers] == [200, 200, 500, 200]
        assert [len(answer.content) for answer in answers if answer.status_code == 200] == [10, LIMIT, 70_000]


ASYNC = """
import os

class Long:
    async def initialize(self, context):
        pass

    async def handle(self, data, context):
        word, size = data[0]["body"].decode().split()
        if word == "headers":
            context.set_response_header(0, "x", "v" * int(size))
            return ["ok"]
        if word == "piece":
            context.send_partial(["first"], 200)
            context.send_partial(["x" * int(size)], 200)
        return [b"x" * int(size) or str(os.getpid())]
"""


@pytest.mark.parametrize("word", ["whole", "headers", "piece"])
def test_an_asynchronous_answer_over_the_limit(tmp_path, word):
    """Its request fails, and its worker, which may have others in hand, goes on."""
    with serving(tmp_path / "server", {"max_response_size": str(LIMIT)}, {"long": ASYNC}) as server:
        worker = predict(server, "/predictions/long", b"whole 0").text
        assert len(predict(server, "/predictions/long", b"whole %d" % LIMIT).content) == LIMIT
        body = b"%s %d" % (word.encode(), LIMIT + 1)
        if word == "piece":
            with pytest.raises(httpx.RemoteProtocolError):
                predict(server, "/predictions/long", body)
        else:
            status, kind, text = error(predict(server, "/predictions/long", body))
            assert (status, kind) == (500, "InternalServerException")
            assert text.endswith(f" bytes; max_response_size is {LIMIT}")
        assert predict(server, "/predictions/long", b"whole 0").text == worker


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
