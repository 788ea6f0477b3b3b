"""TorchServe's inference service by a real client: answers, streams, errors in its words, and what the metrics say of them."""

import json

import pytest

from grpc_clients.calls import PATIENCE_S, counted, refused
from grpc_clients.conftest import Client
from grpc_clients.needed import needed
from integration.server import Server, wait_until

grpc = needed("grpc")

pytestmark = pytest.mark.integration

PREFIX = "/org.pytorch.serve.grpc.inference.InferenceAPIsService/"


def test_inputs_are_fields_and_the_answer_is_the_handlers(client: Client, server: Server):
    """The handler is given bytes under their keys; the request is counted once, as one that came over gRPC."""
    before = counted(server, "echo", 200)
    answer = client.inference.Predictions(client.asks("echo", a=b"1", b=b"2"), timeout=PATIENCE_S)
    assert json.loads(answer.prediction) == {"a": "1", "b": "2"}
    assert counted(server, "echo", 200) == before + 1


def test_a_large_input_travels_beside_the_message(client: Client):
    """An input of nearly max_request_size reaches the handler whole."""
    answer = client.inference.Predictions(client.asks("echo", a=b"x" * 90_000), timeout=PATIENCE_S)
    assert json.loads(answer.prediction) == {"a": "x" * 90_000}


def test_a_message_above_the_limit_is_refused(client: Client):
    """GRPC itself refuses what is larger than max_request_size."""
    status, _ = refused(client.inference.Predictions, client.asks("echo", a=b"x" * 100_001))
    assert status is grpc.StatusCode.RESOURCE_EXHAUSTED


def test_pieces_come_one_by_one(client: Client, server: Server):
    """StreamPredictions sends each piece as a message; Predictions joins them."""
    before = counted(server, "stream", 200)
    pieces = [each.prediction for each in client.inference.StreamPredictions(client.asks("stream"), timeout=PATIENCE_S)]
    assert pieces == [b"piece 0;", b"piece 1;", b"piece 2;", b"end"]
    whole = client.inference.Predictions(client.asks("stream"), timeout=PATIENCE_S)
    assert whole.prediction == b"".join(pieces)
    assert counted(server, "stream", 200) == before + 2


def test_a_whole_answer_is_a_stream_of_one(client: Client):
    """StreamPredictions of a handler that does not stream."""
    (only,) = client.inference.StreamPredictions(client.asks("echo", a=b"1"), timeout=PATIENCE_S)
    assert json.loads(only.prediction) == {"a": "1"}


def test_ping_says_what_http_says(client: Client, server: Server):
    """The health is HTTP's, as JSON."""
    empty = needed("google.protobuf.empty_pb2").Empty()
    answer = client.inference.Ping(empty, timeout=PATIENCE_S)
    assert json.loads(answer.health) == server.http.get(server.url("inference", "/ping")).json()


def test_the_id_of_a_request_comes_back(client: Client):
    """A client's x-request-id is taken, and told in the trailing metadata."""
    _, call = client.inference.Predictions.with_call(
        client.asks("echo", a=b"1"), timeout=PATIENCE_S, metadata=(("x-request-id", "mine"),)
    )
    assert ("x-request-id", "mine") in [tuple(pair) for pair in call.trailing_metadata()]


@pytest.mark.parametrize(
    ("model", "version", "words"),
    [
        ("nobody", "", "Model not found: nobody\norg.pytorch.serve.archive.model.ModelNotFoundException"),
        (
            "echo",
            "9",
            "Model version: 9 does not exist for this model name: echo\n"
            "org.pytorch.serve.archive.model.ModelVersionNotFoundException",
        ),
    ],
)
def test_a_model_that_is_not_there(client: Client, server: Server, model: str, version: str, words: str):
    """INTERNAL, as in TorchServe, with the Java class in a line of its own; the metrics have HTTP's 404."""
    path = PREFIX + "Predictions"
    before = server.metrics("servescope_http_requests_total", path=path, code="404") or 0.0
    status, said = refused(client.inference.Predictions, client.asks(model, version))
    assert status is grpc.StatusCode.INTERNAL
    assert said.rpartition("\n")[2] == words.rpartition("\n")[2]
    assert model in said
    assert server.metrics("servescope_http_requests_total", path=path, code="404") == before + 1


def test_a_request_without_a_model(client: Client):
    """The parameter that is missing is named."""
    status, said = refused(client.inference.Predictions, client.asks(""))
    assert status is grpc.StatusCode.INVALID_ARGUMENT
    assert said.startswith("Parameter model_name is required.\n")


@pytest.mark.parametrize("method", ["Predictions", "StreamPredictions"])
@pytest.mark.parametrize("data", [b"\xff", b"\x0a\x05ab", b"\x0a\x02\xff\xff", b"\x1a\x01\x0a"])
def test_a_message_that_is_none(client: Client, method: str, data: bytes):
    """Bytes that are no protobuf, or text that is no UTF-8: INVALID_ARGUMENT, with the message's name."""
    channel = client.channels[0]
    kind = channel.unary_unary if method == "Predictions" else channel.unary_stream
    status, said = refused(lambda *a, **m: _all(kind(PREFIX + method)(*a, **m)), data)
    assert status is grpc.StatusCode.INVALID_ARGUMENT
    assert "org.pytorch.serve.grpc.inference.PredictionsRequest" in said


def _all(answer):
    return answer if isinstance(answer, bytes) else list(answer)


@pytest.mark.parametrize(
    ("code", "name"),
    [
        (400, "INVALID_ARGUMENT"),
        (403, "PERMISSION_DENIED"),
        (404, "NOT_FOUND"),
        (409, "ABORTED"),
        (413, "RESOURCE_EXHAUSTED"),
        (429, "RESOURCE_EXHAUSTED"),
        (503, "UNAVAILABLE"),
        (504, "DEADLINE_EXCEEDED"),
        (500, "INTERNAL"),
        (507, "RESOURCE_EXHAUSTED"),
    ],
)
def test_a_handlers_own_refusal(client: Client, server: Server, code: int, name: str):
    """PredictionException's code has its gRPC status; the metrics have the code itself."""
    shown = 507 if code == 413 else code  # as over HTTP
    before = counted(server, "refuses", shown)
    status, said = refused(client.inference.Predictions, client.asks("refuses", code=b"%d" % code))
    assert status is grpc.StatusCode[name]
    assert said == "not like this\norg.pytorch.serve.http.InternalServerException"
    assert counted(server, "refuses", shown) == before + 1


def test_a_client_that_cancels_or_runs_out_of_time_is_counted_as_one_that_hung_up(client: Client, server: Server):
    """Cancellation and deadline: 499 each, and the worker goes on with the next request."""
    before = counted(server, "slow", 499)
    began, go = server.notes / "began", server.notes / "go"
    cancelled = client.inference.Predictions.future(client.asks("slow"), timeout=PATIENCE_S)
    wait_until(began.exists, "the handler")
    cancelled.cancel()
    wait_until(lambda: counted(server, "slow", 499) == before + 1, "the cancelled one")
    with pytest.raises(grpc.RpcError) as caught:
        list(client.inference.StreamPredictions(client.asks("slow"), timeout=0.2))
    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    wait_until(lambda: counted(server, "slow", 499) == before + 2, "the late one")
    go.touch()
    answer = client.inference.Predictions(client.asks("slow"), timeout=PATIENCE_S)
    assert answer.prediction == b"late"
