"""Answers in pieces, as they reach the client."""

import http.client

import httpx
import pytest

from integration.server import hang_up, wait_until

pytestmark = pytest.mark.integration

STREAM = """
import os, pathlib, time
from ts.handler_utils.utils import send_intermediate_predict_response

NOTES = pathlib.Path(os.environ["NOTES"])

def handle(data, context):
    if data is None:
        return None
    want = data[0]["body"].decode()
    notes = NOTES / context.model_name
    def send(text):
        send_intermediate_predict_response([text] * len(data), context.request_ids, "ok", 200, context)
    if want == "status":
        context.set_all_response_status(202)
        context.set_response_header(0, "x-model-note", "first")
    send(f"one of {len(data)}")
    if want.startswith("gate"):
        while not (notes / (want + ".go")).exists():
            time.sleep(0.005)
    if want == "status":
        context.set_all_response_status(500)
    if want == "raise":
        raise ValueError("in the midst")
    if want == "exit":
        os._exit(3)
    if want == "wrong":
        send_intermediate_predict_response(["a", "b", "c"], context.request_ids, "ok", 200, context)
    if want == "hang":
        time.sleep(600)
    send("")
    send("two")
    (notes / (want + ".ended")).touch()
    return [b"end"] * len(data)
"""


def chunks(port, path, body):
    """Status, headers and a generator of the chunks as they were framed."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    client.request("POST", path, body)
    reply = client.getresponse()

    def pieces():
        while True:
            size = int(reply.fp.readline(), 16)
            yield reply.fp.read(size)
            reply.fp.readline()
            if not size:
                client.close()
                return

    return reply.status, reply.headers, pieces()


def test_a_piece_arrives_before_the_next_is_made(deploy, server):
    """The first is in the client's hands while the handler waits for the client's sign to go on; one chunk a piece."""
    model = deploy(STREAM)
    status, headers, pieces = chunks(server.ports["inference"], model.path, "gate")
    assert (status, headers["transfer-encoding"], headers["ts_stream_next"]) == (200, "chunked", "true")
    assert next(pieces) == b"one of 1"
    assert not (model.notes / "gate.ended").exists()
    model.open()
    assert list(pieces) == [b"two", b"end", b""]


def test_status_and_headers_are_those_of_the_first_piece(deploy):
    """What is set later comes too late."""
    answer = deploy(STREAM).predict("status")
    assert (answer.status_code, answer.headers["x-model-note"], answer.text) == (202, "first", "one of 1twoend")
    assert answer.headers["cache-control"] == "no-cache; no-store, must-revalidate, private"
    assert answer.headers["x-request-id"]


def test_a_batch_streams_to_all_of_its_clients(deploy):
    """Each gets its own pieces."""
    model = deploy(STREAM, batch_size=2, max_batch_delay=600_000)
    answers = [model.send("x"), model.send("x")]
    assert [answer.result().text for answer in answers] == ["one of 2twoend"] * 2


@pytest.mark.parametrize("want", ["raise", "exit", "wrong", "hang"])
def test_a_stream_that_breaks_off(deploy, server, want):
    """The client sees that the answer is not whole; the model answers the next one."""
    model = deploy(STREAM, config="responseTimeout: 1\nminWorkers: 1\nmaxWorkers: 1\n")
    with server.http.stream("POST", server.url("inference", model.path), content=want) as answer:
        assert answer.status_code == 200
        pieces = answer.iter_raw()
        assert next(pieces) == b"one of 1"
        with pytest.raises(httpx.RemoteProtocolError, match="incomplete chunked read"):
            next(pieces)
    assert model.predict("next").text == "one of 1twoend"


def test_the_time_limit_is_for_each_piece(deploy):
    """With every piece responseTimeout starts anew: two after 0.6 s each pass a limit of one second."""
    code = STREAM.replace('send("two")', "[(time.sleep(0.6), send(text)) for text in ('two', 'three')]")
    model = deploy(code, config="responseTimeout: 1\nminWorkers: 1\nmaxWorkers: 1\n")
    assert model.predict("x").text == "one of 1twothreeend"


def test_a_client_that_hangs_up_harms_nobody(deploy, server):
    """The handler, which cannot be stopped, finishes; the next request is answered."""
    model = deploy(STREAM)
    client = hang_up(server.ports["inference"], model.path, b"gate")
    assert client.recv(15) == b"HTTP/1.1 200 OK"
    client.close()
    model.open()
    wait_until((model.notes / "gate.ended").exists)
    assert model.predict("next").text == "one of 1twoend"
    assert len(model.pids()) == 1


def test_a_client_that_reads_slowly_gets_everything(deploy, server):
    """Far more than any buffer holds: 24 MB, of which the client takes nothing before all has been made."""
    code = STREAM.replace('send("two")', "for number in range(24): send(bytes([65 + number]) * 1_000_000)")
    model = deploy(code)
    client = hang_up(server.ports["inference"], model.path, b"slow")
    wait_until((model.notes / "slow.ended").exists)
    assert model.predict("other").status_code == 200
    with client, client.makefile("rb") as answer:
        while answer.readline() != b"\r\n":
            pass
        total = 0
        while size := int(answer.readline(), 16):
            total += len(answer.read(size))
            answer.readline()
    assert total == len("one of 1") + 24_000_000 + len("end")


def test_streams_are_counted_once(deploy, server):
    """With the final piece, in TorchServe's counters."""
    model = deploy(STREAM)
    model.predict("x")
    assert server.metrics("ts_inference_requests_total", model_name=model.name) == 1
    assert server.metrics("ts_inference_latency_microseconds", model_name=model.name) > 0
