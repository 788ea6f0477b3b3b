"""One request, one answer: its id, its headers, its counters and its line in the access log, over a real connection."""

import asyncio
import json
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from servescope.errors import ModelNotFound, ServiceUnavailable, WorkerFailed
from servescope.web.http.exchange import encode_headers, json_body
from servescope.web.http.face import JSON_TYPE, OWN_HEADERS, TORCHSERVE, TorchServeFace
from servescope.web.openai.face import OPENAI
from web.port import Port, run

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def answering(status=200, headers=(), body=b"ok"):
    return lambda exchange: exchange.answer(status, headers, body)


def failing(error):
    def act(exchange):
        raise error

    return act


def test_the_headers_of_the_contract(tmp_path):
    """On every answer, CORS's where they are configured."""

    async def main():
        cors = [(b"access-control-allow-origin", b"*")]
        async with Port(tmp_path, answering(headers=[(b"x-mine", b"1")]), cors) as port:
            status, headers, body = await port.ask()
            assert (status, body) == (200, b"ok")
            assert UUID.fullmatch(headers.pop("x-request-id"))
            assert headers == {
                "pragma": "no-cache",
                "cache-control": "no-cache; no-store, must-revalidate, private",
                "expires": "Thu, 01 Jan 1970 00:00:00 UTC",
                "access-control-allow-origin": "*",
                "x-mine": "1",
                "content-length": "2",
                "connection": "keep-alive",
            }

    run(main())


@pytest.mark.parametrize(
    ("given_id", "kept"),
    [("abc 1", True), ("x" * 128, True), ("x" * 129, False), ("a\tb", False), ("é", False), ("", False)],
)
def test_the_clients_request_id(tmp_path, given_id, kept):
    """Is the request's where it is 1 to 128 printable characters."""

    async def main():
        async with Port(tmp_path, answering()) as port:
            _, headers, _ = await port.ask(f"X-Request-Id: {given_id}")
            assert (headers["x-request-id"] == given_id) is kept
            assert kept or UUID.fullmatch(headers["x-request-id"])

    run(main())


def test_the_access_log_and_the_counters(tmp_path):
    """A line and a count for each answer, under its status."""

    async def main():
        statuses = iter([200, 404, 503, 204])
        async with Port(tmp_path, lambda exchange: exchange.answer(next(statuses), (), b"")) as port:
            await port.ask("x-request-id: my-id", target="/predictions/m?q=%20")
            assert (await port.ask())[1]["connection"] == "close"
            assert [port.count(group) for group in "245"] == [1, 1, 0]
            assert '"GET /predictions/m?q=%20 HTTP/1.1" 200 ' in port.logged()[0]
            assert port.logged()[0].endswith("my-id")
            assert " 404 " in port.logged()[1]
            assert port.observers.open == 0

    run(main())


@pytest.mark.parametrize(("status", "closes"), [(200, False), (302, False), (400, True), (503, True), (599, True)])
def test_errors_close_the_connection(tmp_path, status, closes):
    """As TorchServe does."""

    async def main():
        async with Port(tmp_path, answering(status)) as port:
            _, headers, _ = await port.ask()
            assert headers["connection"] == ("close" if closes else "keep-alive")
            if closes:
                assert await port.reader.read() == b""
            else:
                assert (await port.ask())[0] == status

    run(main())


@pytest.mark.parametrize("status", [204, 304])
def test_answers_without_a_body(tmp_path, status):
    """Have no length either."""

    async def main():
        async with Port(tmp_path, answering(status, body=b"forbidden")) as port:
            got, headers, _ = await port.ask()
            assert (got, "content-length" in headers) == (status, False)
            assert (await port.ask())[0] == status

    run(main())


def test_head(tmp_path):
    """The length of the body that GET would have, and no body."""

    async def main():
        async with Port(tmp_path, answering()) as port:
            _, headers, _ = await port.ask(method="HEAD")
            assert headers["content-length"] == "2"
            assert (await port.ask())[2] == b"ok"

    run(main())


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (ModelNotFound("Model not found: m"), 404, "ModelNotFoundException"),
        (ServiceUnavailable("full", why="queue_full", retry_after_s=7), 503, "ServiceUnavailableException"),
        (WorkerFailed("Prediction failed", code=507), 507, "InternalServerException"),
        (ZeroDivisionError("secret"), 500, "InternalServerException"),
    ],
)
def test_errors(tmp_path, error, status, kind):
    """TorchServe's JSON; a 503 says when to come back; what was not foreseen tells nothing of itself."""

    async def main():
        async with Port(tmp_path, failing(error)) as port:
            got, headers, body = await port.ask()
            said = json.loads(body)
            assert (got, said["code"], said["type"], headers["content-type"]) == (
                status,
                status,
                kind,
                "application/json",
            )
            assert headers.get("retry-after") == ("7" if status == 503 else None)
            assert "secret" not in said["message"]
            assert port.observers.open == 0

    run(main())


def test_later(tmp_path):
    """A coroutine's answer, and its error."""

    async def later(exchange):
        await asyncio.sleep(0)
        if exchange.request.path == "/bad":
            raise ModelNotFound("x")
        exchange.answer(200, (), b"later")

    async def main():
        async with Port(tmp_path, later) as port:
            assert (await port.ask())[2] == b"later"
            assert (await port.ask(target="/bad"))[0] == 404

    run(main())


async def pieces_of(*pieces):
    for piece in pieces:
        if isinstance(piece, Exception):
            raise piece
        yield piece


def test_a_stream(tmp_path):
    """Each piece a chunk, empty ones none; the connection goes on."""

    async def act(exchange):
        await exchange.stream(200, [(b"x-mine", b"1")], pieces_of(b"one", b"", memoryview(b"three")))

    async def main():
        async with Port(tmp_path, act) as port:
            for _ in range(2):
                status, headers, body = await port.ask()
                assert (status, headers["x-mine"], "x-request-id" in headers) == (200, "1", True)
                assert body == b"3\r\none\r\n5\r\nthree\r\n0\r\n\r\n"
            assert (port.count("2"), port.observers.open) == (2, 0)

    run(main())


def test_a_stream_that_breaks_off(tmp_path):
    """The client sees that it is not whole: no last chunk, and the connection ends."""

    async def act(exchange):
        await exchange.stream(200, (), pieces_of(b"one", WorkerFailed("Worker died.")))

    async def main():
        async with Port(tmp_path, act) as port:
            port.writer.write(b"GET / HTTP/1.1\r\nhost: h\r\n\r\n")
            data = await port.reader.read()
            assert data.endswith(b"3\r\none\r\n")
            assert port.observers.open == 0

    run(main())


@pytest.mark.parametrize(
    ("kind", "face", "said"),
    [
        (b"text/event-stream; charset=utf-8", OPENAI, True),
        (b"text/event-stream", TORCHSERVE, False),
        (b"text/plain", OPENAI, False),
    ],
)
@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_last_words(tmp_path, kind, face, said, version):
    """A stream of events says why it breaks off, to clients that know how to read that; a proper end it never has."""

    async def act(exchange):
        exchange.face = face
        await exchange.stream(200, [(b"Content-Type", kind)], pieces_of(b"one", WorkerFailed("Worker died.")))

    async def main():
        async with Port(tmp_path, act) as port:
            port.writer.write(f"GET / HTTP/{version}\r\nhost: h\r\n\r\n".encode())
            body = (await port.reader.read()).partition(b"\r\n\r\n")[2]
            words = OPENAI.last_words(WorkerFailed("Worker died.")) if said else b""
            chunks = [
                piece if version == "1.0" else b"%x\r\n%b\r\n" % (len(piece), piece)
                for piece in (b"one", words)
                if piece
            ]
            assert body == b"".join(chunks)
            assert port.observers.open == 0

    run(main())


def test_a_client_that_leaves(tmp_path):
    """Its exchange is closed, a late answer goes nowhere, and nobody waits for it at the end."""

    async def main():
        taken = []
        came = asyncio.Event()

        def take(exchange):
            taken.append(exchange)
            came.set()

        async with Port(tmp_path, take) as port:
            port.writer.write(b"GET / HTTP/1.1\r\nhost: h\r\n\r\n")
            await came.wait()
            assert port.observers.open == 1
            rest = asyncio.create_task(port.observers.wait_for_rest())
            port.writer.close()
            await rest
            taken[0].answer(200, (), b"late")
            assert (port.observers.open, port.count("2")) == (0, 0)

    run(main())


def test_waiting_for_rest_without_requests(tmp_path):
    """Is over at once."""

    async def main():
        async with Port(tmp_path, answering()) as port:
            await port.ask()
            await port.observers.wait_for_rest()

    run(main())


def test_pipelining(tmp_path):
    """Answers come in the order of the requests, though the first takes longest."""

    async def act(exchange):
        for _ in range(0 if exchange.request.path == "/2" else 10):
            await asyncio.sleep(0)
        exchange.answer(200, (), exchange.request.path.encode())

    async def main():
        async with Port(tmp_path, act) as port:
            port.writer.write(b"".join(b"GET /%d HTTP/1.1\r\nhost: h\r\n\r\n" % number for number in range(1, 6)))
            data = b""
            while data.count(b"HTTP/1.1 200") < 5 or not data.endswith(b"/5"):
                data += await port.reader.read(65536)
            assert re.findall(rb"\r\n\r\n(/\d)", data) == [b"/1", b"/2", b"/3", b"/4", b"/5"]

    run(main())


def test_bodies_at_the_limit(tmp_path):
    """The limit passes, one byte more is 413, uncounted and without an id."""

    async def main():
        async with Port(tmp_path, lambda exchange: exchange.answer(200, (), b"".join(exchange.request.body))) as port:
            assert (await port.ask(method="POST", body=b"x" * 1000))[2] == b"x" * 1000
            status, headers, body = await port.ask(method="POST", body=b"x" * 1001)
            assert (status, body, "connection" in headers, "x-request-id" in headers) == (413, b"", False, False)
            assert (port.count("4"), port.observers.open) == (0, 0)

    run(main())


def test_warnings_beside_an_error():
    """In the body behind TorchServe's three, and in a header that holds whatever a client wrote; those that come later too."""
    warnings = ["unknown parameter x"]
    face = TorchServeFace(warnings)
    warnings.append('a "ü"\r\nb')
    _, headers, body = face.refusal(ModelNotFound("m"))
    assert list(json.loads(body).items())[2:] == [("message", "m"), ("warnings", warnings)]
    assert headers[1:] == [
        (b"warning", b'299 - "unknown parameter x"'),
        (b"warning", b'299 - "a \\"\\u00fc\\"\\r\\nb"'),
    ]


def test_warnings_without_end():
    """Are all in the body, and a few in headers."""
    _, headers, body = TorchServeFace(["w"] * 21).refusal(ModelNotFound("m"))
    assert (len(json.loads(body)["warnings"]), len(headers)) == (21, 6)


def test_where_waiting_does_not_help(tmp_path):
    """A 503 without a time says none."""
    assert TORCHSERVE.refusal(ServiceUnavailable("no worker"))[1] == [JSON_TYPE]


def test_error_bodies():
    """TorchServe's layout, to the newline at the end."""
    told = b'{\n  "code": 404,\n  "type": "ModelNotFoundException",\n  "message": "\xc3\xbc"\n}\n'
    assert TORCHSERVE.refusal(ModelNotFound("ü")) == (404, [JSON_TYPE], told)
    assert json_body({"a": "\udc80"}) == b'{\n  "a": "?"\n}\n'


@given(st.text(max_size=20), st.text(max_size=20))
@example("CONNECTION", "")
def test_handlers_headers(name, value):
    """Either HTTP can carry them, or they are refused, or the server's own: no handler writes another header or an answer."""
    try:
        encoded = encode_headers({name: value})
    except WorkerFailed:
        return
    if name.lower() in OWN_HEADERS:
        assert encoded == []
        return
    ((wire_name, wire_value),) = encoded
    assert wire_name
    assert not set(wire_name) & set(b"\r\n\0 :\t")
    assert not set(wire_value) & set(b"\r\n\0")


@pytest.mark.parametrize("name", ["x\r\n", "", "a b", "a:", "x\n"])
def test_header_names_that_are_none(name):
    """Are named in the error."""
    with pytest.raises(WorkerFailed, match="Invalid response header"):
        encode_headers({name: "v"})
