"""`ts.protocol.otf_message_handler`, `ts.service` and `ts.async_service`: TorchServe's protocol from the other end."""

import asyncio
import json
import logging
import socket
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ts.async_service import AsyncService
from ts.handler_utils.utils import create_predict_response, send_intermediate_predict_response
from ts.protocol import otf_message_handler as codec
from ts.service import PredictionException, Service, emit_metrics

from worker.torchserve_protocol import load, predict, read_replies, read_reply


@pytest.fixture
def ends():
    """The front end's end of a connection, and the worker's."""
    front, back = socket.socketpair()
    with front, back:
        yield front, back


def sent(ends, data):
    front, back = ends
    front.sendall(data)
    return codec.retrieve_msg(back)


def test_a_command_to_load(ends):
    """Its facts by their names; a number of a GPU only where it has one."""
    facts = {"modelName": b"m", "modelPath": b"/d", "batchSize": 4, "handler": b"h.py", "envelope": b""}
    assert sent(ends, load()) == (b"L", {**facts, "limitMaxImagePixels": True})
    assert sent(ends, load(gpu=3, limit=False)) == (b"L", {**facts, "gpu": 3, "limitMaxImagePixels": False})


def test_other_commands(ends):
    """One that is unknown is named; an end that hangs up ends the worker."""
    with pytest.raises(ValueError, match="Invalid command: b'U'"):
        sent(ends, b"U")
    ends[0].sendall(load()[:9])
    ends[0].close()
    with pytest.raises(SystemExit) as ended:
        codec.retrieve_msg(ends[1])
    assert ended.value.code == 0


@pytest.mark.parametrize(
    ("kind", "value", "decoded"),
    [
        ("application/json", b'{"a": 1}', {"a": 1}),
        ("application/json", b"{", b"{"),
        ("text/plain", "é".encode(), "é"),
        ("text/plain", b"\xff", b"\xff"),
        ("", b"raw", b"raw"),
        ("application/json; charset=utf-8", b"{}", b"{}"),
    ],
)
def test_a_field_by_its_type(ends, kind, value, decoded, monkeypatch):
    """JSON and text as such where they are, unless the server decodes nothing."""
    _, (request,) = sent(ends, predict((b"r", {b"h": b"v"}, [(b"data", kind.encode(), value)])))
    assert request["parameters"] == [{"name": "data", "contentType": kind, "value": decoded}]
    monkeypatch.setenv("TS_DECODE_INPUT_REQUEST", "false")
    _, (request,) = sent(ends, predict((b"r", {}, [(b"data", kind.encode(), value)])))
    assert request["parameters"][0]["value"] == value


names = st.text("abc-_", min_size=1, max_size=5)


@given(
    st.lists(
        st.tuples(
            st.uuids().map(str),
            st.dictionaries(names, st.text(max_size=5), max_size=3),
            st.dictionaries(names, st.binary(max_size=9), max_size=3),
        ),
        max_size=4,
    )
)
def test_any_batch(requests):
    """What was written is what rows, headers and ids say."""
    written = [
        (
            one.encode(),
            {k.encode(): v.encode() for k, v in headers.items()},
            [(k.encode(), b"", v) for k, v in row.items()],
        )
        for one, headers, row in requests
    ]
    front, back = socket.socketpair()
    with front, back:
        _, batch = sent((front, back), predict(*written))
    processors, rows, ids = Service.retrieve_data_for_inference(batch)
    assert list(ids.values()) == [one for one, _, _ in requests]
    assert rows == [row for _, _, row in requests]
    for processor, (_, headers, row) in zip(processors, requests, strict=True):
        for name, value in headers.items():
            assert processor.get_request_property(name) == value
        for name in row.keys() - headers.keys():
            assert processor.get_request_property(name) == {"content-type": ""}


def serve(entry, *rows, manifest=None):
    """A service's reply to rows with one field."""
    service = Service("m", "/d", manifest, entry, None, 4)
    batch = [
        {"requestId": f"r{n}".encode(), "parameters": [{"name": "body", "contentType": "", "value": row}]}
        for n, row in enumerate(rows)
    ]
    return read_reply(service.predict(batch))


def test_answers_as_their_kind():
    """Text, bytes and JSON, each with the status and headers that the handler set."""

    def entry(rows, context):
        context.set_response_status(404, "gone", 1)
        context.set_response_content_type(1, "text/x")
        return [row["body"] for row in rows]

    code, text, answers = serve(entry, "text", b"bytes", {"a": 1})
    assert (code, text) == (200, "Prediction success")
    assert answers == [
        ("r0", "", 200, "", {}, b"text"),
        ("r1", "text/x", 404, "gone", {"content-type": "text/x"}, b"bytes"),
        ("r2", "", 200, "", {}, b'{\n  "a": 1\n}'),
    ]


def fails(error):
    def entry(rows, context):
        raise error

    return entry


@pytest.mark.parametrize(
    ("entry", "code", "text"),
    [
        (fails(RuntimeError("no")), 503, "Prediction failed"),
        (fails(RuntimeError("CUDA is full")), 507, "Out of resources"),
        (fails(MemoryError()), 507, "Out of resources"),
        (fails(PredictionException("wrong", 422)), 422, "wrong"),
        (lambda rows, context: "text", 503, "Invalid model predict output"),
        (lambda rows, context: [], 503, "number of batch response mismatched"),
        (lambda rows, context: [object()], 503, "Unsupported model output data type."),
    ],
)
def test_a_batch_that_fails(entry, code, text):
    """It has TorchServe's code and words, and an answer each."""
    assert serve(entry, b"x", manifest="no object") == (code, text, [("r0", "", code, "", {}, b"error")])


def stops_badly(rows, context):
    context.stopping_criteria = [lambda result: 1 // 0]
    return ["token"]


def reads_badly(rows, context):
    context.set_response_status(code="no number")
    return ["text"]


@pytest.mark.parametrize("entry", [stops_badly, reads_badly])
@pytest.mark.parametrize("asynchronous", [False, True])
def test_an_answer_that_cannot_be_written(entry, asynchronous):
    """It is a batch that fails, and is answered: nobody waits for ever, and the worker goes on."""

    async def coroutine(rows, context):
        return entry(rows, context)

    batch = [{"requestId": b"r0", "parameters": []}]
    service = Service("m", "/d", None, coroutine if asynchronous else entry, None, 1)
    reply = asyncio.run(service.predict_async(batch)) if asynchronous else service.predict(batch)
    assert read_reply(reply) == (503, "Prediction failed", [("r0", "", 503, "", {}, b"error")])


def test_only_the_first_rank_answers(monkeypatch):
    """The others have nothing to say."""
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert create_predict_response(["x"], {0: "r"}, "", 200) is None


def test_pieces(ends):
    """A handler's pieces go out before the rest, and say that more is to come; the rest says that it is the end."""
    front, back = ends

    def entry(rows, context):
        send_intermediate_predict_response(
            ["piece"], context.request_ids, "Intermediate Prediction success", 200, context
        )
        return ["rest"]

    service = Service("m", "/d", None, entry, None, 1)
    service.set_cl_socket(back)
    reply = service.predict([{"requestId": b"r", "parameters": []}])
    assert read_reply(front.recv(1000))[2] == [("r", "", 200, "", {"ts_stream_next": "true"}, b"piece")]
    assert read_reply(reply)[2] == [("r", "", 200, "", {"ts_stream_next": "false"}, b"rest")]


@pytest.mark.parametrize(("stop", "more"), [(True, "false"), (False, "true"), (None, None)])
def test_stopping_criteria(stop, more):
    """They say whether more of an answer is to come."""

    def entry(rows, context):
        context.stopping_criteria = [lambda result: stop]
        return ["token"]

    ((_, _, _, _, headers, _),) = serve(entry, b"x")[2]
    assert headers.get("ts_stream_next") == more


def test_no_batch():
    """It is TorchServe's error."""
    with pytest.raises(ValueError, match="Received invalid inputs"):
        Service.retrieve_data_for_inference(None)


def test_metrics_as_lines(caplog):
    """Each that is given, none where there are none."""
    caplog.set_level(logging.INFO, "ts.service")
    emit_metrics(["one", "two"])
    emit_metrics(None)
    assert [one.getMessage() for one in caplog.records] == ["[METRICS]one", "[METRICS]two"]


def test_coroutines_are_answered_as_they_are_ready(ends):
    """A request that waits does not hold up the next; each knows its own headers. At the end nobody is waited for."""
    front, back = ends
    released = {}

    async def entry(rows, context):
        body = rows[0]["body"].decode()
        if body == "slow":
            released["loop"], released["event"] = asyncio.get_running_loop(), asyncio.Event()
            await released["event"].wait()
        elif body == "quick":
            released["loop"].call_soon(released["event"].set)
        elif body == "for ever":
            await asyncio.Event().wait()
        return [body + context.get_request_header(0, "h")]

    service = Service("m", "/d", None, entry, None, 1)
    service.set_cl_socket(back)
    said = []
    thread = threading.Thread(target=lambda: said.append(AsyncService(service).run()))
    thread.start()
    field = [(b"body", b"", b"slow")]
    front.sendall(predict((b"1", {b"h": b"!"}, field)) + predict((b"2", {b"h": b"?"}, [(b"body", b"", b"quick")])))
    replies = read_replies(front, 2)
    front.sendall(predict((b"3", {}, [(b"body", b"", b"for ever")])))
    front.close()
    thread.join()
    assert [json.dumps(answers[0][0] + answers[0][-1].decode()) for _, _, answers in replies] == [
        '"2quick?"',
        '"1slow!"',
    ]
    assert said == [None]


def test_a_batch_that_has_no_answer_ends_the_worker(ends):
    """The front end hangs on nothing: it sees the connection's end, where it cannot be told whose request it is."""
    front, back = ends

    async def entry(rows, context):
        return [""]

    service = Service("m", "/d", None, entry, None, 1)
    service.set_cl_socket(back)
    said = []
    thread = threading.Thread(target=lambda: said.append(AsyncService(service).run()))
    thread.start()
    front.sendall(predict((b"\xff", {}, [])))
    thread.join()
    assert "UnicodeDecodeError" in said[0]


def test_a_front_end_that_hangs_up_before_its_answer(ends):
    """That is the worker's end, and no fault."""
    front, back = ends
    gone = threading.Event()

    async def entry(rows, context):
        await asyncio.to_thread(gone.wait)
        return ["x" * 10_000_000]

    service = Service("m", "/d", None, entry, None, 1)
    service.set_cl_socket(back)
    said = []
    thread = threading.Thread(target=lambda: said.append(AsyncService(service).run()))
    thread.start()
    front.sendall(predict((b"r", {}, [])))
    front.close()
    gone.set()
    thread.join()
    assert said == [None]
