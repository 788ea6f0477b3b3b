"""Much of everything: messages, answers, errors, names, keys, calls at once, and what is no gRPC at all."""

import json
import socket
from collections import Counter

import pytest

from grpc_clients.calls import PATIENCE_S, refused
from grpc_clients.conftest import Client
from grpc_clients.hostile.conftest import channel_of, counted
from grpc_clients.needed import needed
from integration.server import Server, wait_until

grpc = needed("grpc")

pytestmark = pytest.mark.integration

Hostile = tuple[Server, Client]
METHOD = "/org.pytorch.serve.grpc.inference.InferenceAPIsService/Predictions"


def test_a_message_of_100_mb(hostile: Hostile):
    """It reaches the handler whole."""
    _, client = hostile
    asked = client.asks("work", do=b"length", x=b"a" * 100_000_000)
    assert client.inference.Predictions(asked, timeout=2 * PATIENCE_S).prediction == b"100000006"


def test_a_tensor_of_100_mb(hostile: Hostile):
    """An answer that is larger than answers may be is refused, in words, once the handler has had its input."""
    from servescope.web.grpc.protos.messages import KSERVE, Messages

    server, client = hostile
    method = Messages().methods(KSERVE)["ModelInfer"]
    asked = method.request(model_name="tensors", raw_input_contents=[b"\1" * 100_000_000])
    asked.inputs.add(name="x", datatype="FP32", shape=[25_000_000])
    call = channel_of(client).unary_unary(method.path)
    status, said = refused(call, asked.SerializeToString())
    assert status is grpc.StatusCode.INTERNAL
    assert "max_response_size is 1000000" in said
    assert counted(server, 500, "tensors") == 1


@pytest.mark.parametrize("compressed", [False, True])
def test_a_message_that_is_too_large(hostile: Hostile, compressed: bool):
    """RESOURCE_EXHAUSTED, also where it is small on the wire; the server goes on."""
    _, client = hostile
    channel = channel_of(client, compression=grpc.Compression.Gzip if compressed else grpc.Compression.NoCompression)
    stub = client.stubs["inference"].InferenceAPIsServiceStub(channel)
    status, said = refused(stub.Predictions, client.asks("work", x=b"\0" * 201_000_000))
    assert status is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "larger than max" in said
    assert stub.Predictions(client.asks("work"), timeout=PATIENCE_S).prediction == b"[]"


@pytest.mark.parametrize(
    ("size", "status", "code"), [(1_000_000, None, 200), (1_000_001, grpc.StatusCode.INTERNAL, 500)]
)
def test_an_answer_at_its_limit(hostile: Hostile, size: int, status, code: int):
    """The largest that is allowed arrives, and one byte more does not; the metrics say what the client got."""
    server, client = hostile
    before = counted(server, code)
    asked = client.asks("work", do=b"size", n=b"%d" % size)
    if status is None:
        assert len(client.inference.Predictions(asked, timeout=PATIENCE_S).prediction) == size
    else:
        assert refused(client.inference.Predictions, asked)[0] is status
    assert counted(server, code) == before + 1


def test_pieces_without_end_are_not_joined(hostile: Hostile):
    """Predictions of a handler that streams ends where its answer is too large."""
    server, client = hostile
    before = counted(server, 500)
    status, said = refused(client.inference.Predictions, client.asks("work", do=b"pieces", n=b"100"))
    assert status is grpc.StatusCode.INTERNAL
    assert "in pieces; max_response_size is 1000000" in said
    assert counted(server, 500) == before + 1


@pytest.mark.parametrize("text", ["y", "ä", "%", "half"])
def test_a_handlers_long_words(hostile: Hostile, text: str):
    """The status arrives, with as much of the text as fits; half a character costs no more than itself."""
    _, client = hostile
    status, said = refused(client.inference.Predictions, client.asks("work", do=b"raise", n=text.encode()))
    assert status is grpc.StatusCode.INVALID_ARGUMENT
    assert said.startswith(r"a\ud800b" if text == "half" else text * 500)
    assert said.endswith("\norg.pytorch.serve.http.InternalServerException")


@pytest.mark.parametrize("name", ["n" * 20_000, "n\0m", "a/b", "ä" * 9000, "\n\r", "%41", " "])
def test_names_that_no_model_has(hostile: Hostile, name: str):
    """INTERNAL, as for any model that is not there."""
    _, client = hostile
    status, said = refused(client.inference.Predictions, client.asks(name))
    assert status is grpc.StatusCode.INTERNAL
    assert said.startswith(f"Model not found: {name[:100]}")


def test_many_keys_and_none(hostile: Hostile):
    """A row has what was sent: nothing, 20 000 keys, or such as nobody would think of."""
    _, client = hostile
    message = client.messages["inference"].PredictionsRequest
    for keys in ([], ["", "ä/\0", "body", "data"], [str(number) for number in range(20_000)]):
        asked = message(model_name="work", input=dict.fromkeys(keys, b""))
        answer = client.inference.Predictions(asked, timeout=PATIENCE_S)
        assert json.loads(answer.prediction) == sorted(keys)


@pytest.mark.parametrize("given", ["a" * 129, "", "\x21" * 128])
def test_ids_that_are_none(hostile: Hostile, given: str):
    """As over HTTP: 1 to 128 printable characters, else the server makes one up."""
    _, client = hostile
    metadata = (("x-request-id", given), ("other-bin", b"\xff\0"))
    _, call = client.inference.Predictions.with_call(client.asks("work"), metadata=metadata, timeout=PATIENCE_S)
    (told,) = [value for key, value in call.trailing_metadata() if key == "x-request-id"]
    assert (told == given) == (len(given) == 128)
    assert told


def test_more_calls_than_the_queue_holds(hostile: Hostile):
    """Each has its answer: those that found room, and INTERNAL for the others, as TorchServe has it; the metrics agree."""
    server, client = hostile
    before = {code: counted(server, code) for code in (200, 503)}
    gate = client.inference.Predictions.future(client.asks("work", do=b"gate", n=b"many"), timeout=2 * PATIENCE_S)
    wait_until((server.notes / "many.began").exists, "the handler")
    calls = [client.inference.Predictions.future(client.asks("work"), timeout=2 * PATIENCE_S) for _ in range(500)]
    wait_until(lambda: counted(server, 503) > before[503], "a full queue")
    (server.notes / "many.go").touch()
    codes = Counter(call.code() for call in (gate, *calls))
    assert set(codes) == {grpc.StatusCode.OK, grpc.StatusCode.INTERNAL}
    assert counted(server, 200) - before[200] == codes[grpc.StatusCode.OK]
    assert counted(server, 503) - before[503] == codes[grpc.StatusCode.INTERNAL]


@pytest.mark.parametrize(
    "data", [b"GET / HTTP/1.1\r\nhost: x\r\n\r\n", b"\0" * 5000, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff"]
)
def test_what_is_no_grpc(hostile: Hostile, data: bytes):
    """Its connection is closed, and the server goes on."""
    _, client = hostile
    with socket.create_connection(("127.0.0.1", client.ports[0])) as other:
        other.sendall(data)
        other.shutdown(socket.SHUT_WR)
        other.settimeout(PATIENCE_S)
        while other.recv(4096):
            pass
    assert client.inference.Predictions(client.asks("work"), timeout=PATIENCE_S).prediction == b"[]"


@pytest.mark.parametrize("path", ["/no.Such/Method", METHOD + "s", "/x", "nothing"])
def test_methods_that_are_not_there(hostile: Hostile, path: str):
    """UNIMPLEMENTED."""
    _, client = hostile
    assert refused(client.channels[0].unary_unary(path), b"")[0] is grpc.StatusCode.UNIMPLEMENTED


def test_a_method_that_is_called_in_another_way(hostile: Hostile):
    """A client whose stub says that answers, or requests, are many is answered all the same: on the wire there is no difference."""
    _, client = hostile
    asked = client.asks("work").SerializeToString()
    (answer,) = client.channels[0].unary_stream(METHOD)(asked, timeout=PATIENCE_S)
    assert answer == client.channels[0].stream_unary(METHOD)(iter([asked]), timeout=PATIENCE_S)


@pytest.mark.parametrize("code", [204, 404, 500, 599])
def test_a_handlers_status(hostile: Hostile, code: int):
    """GRPC's client has its answer, as with TorchServe; the metrics have the status."""
    server, client = hostile
    before = counted(server, code)
    asked = client.asks("work", do=b"status", n=b"%d" % code)
    assert client.inference.Predictions(asked, timeout=PATIENCE_S).prediction == b"done"
    assert counted(server, code) == before + 1
