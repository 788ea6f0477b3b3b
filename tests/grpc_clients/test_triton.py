"""`tritonclient.grpc` works unchanged, with its defaults: health, metadata, inference raw and streamed, errors."""

import queue
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from grpc_clients.needed import needed
from integration.server import Server, wait_until

triton = needed("tritonclient.grpc")
numpy = needed("numpy")
TritonError = needed("tritonclient.utils").InferenceServerException

pytestmark = pytest.mark.integration

PATIENCE_S = 30
ARRAYS = [
    ("BOOL", numpy.array([[True, False]])),
    ("INT8", numpy.array([-128, 127], "int8")),
    ("INT16", numpy.array([-(2**15)], "int16")),
    ("INT32", numpy.array([[[2**31 - 1]]], "int32")),
    ("INT64", numpy.array([2**40, -1], "int64")),
    ("UINT8", numpy.array([0, 255], "uint8")),
    ("UINT16", numpy.array([2**16 - 1], "uint16")),
    ("UINT32", numpy.array([2**32 - 1], "uint32")),
    ("UINT64", numpy.array([2**63 - 1], "uint64")),
    ("FP16", numpy.array([[0.5, 1.5]], "float16")),
    ("FP32", numpy.arange(6, dtype="float32").reshape(3, 2)),
    ("FP64", numpy.array([1e300])),
    ("FP32", numpy.zeros((0,), "float32")),
    ("BYTES", numpy.array([b"a", b"\xff\x00"], dtype=object)),
]


@pytest.fixture(scope="module")
def client(server: Server, grpc_ports: tuple[int, int]) -> Iterator[Any]:
    """The client, once the models are there."""
    client = triton.InferenceServerClient(f"127.0.0.1:{grpc_ports[0]}")
    wait_until(lambda: client.is_server_ready() and client.is_model_ready("lists", "2"), "the models")
    yield client
    client.close()


def tensor(name: str, array: Any, datatype: str) -> Any:
    """An input as its client makes it."""
    given = triton.InferInput(name, list(array.shape), datatype)
    given.set_data_from_numpy(array)
    return given


def words(*texts: str) -> Any:
    """An input of texts."""
    return tensor("x", numpy.array([one.encode() for one in texts], dtype=object), "BYTES")


def test_health(client: Any):
    """Of the server, of models and of their versions; a model that is not there is an error, as its client wants it."""
    assert client.is_server_live()
    assert client.is_model_ready("arrays")
    assert client.is_model_ready("lists", "1.0")
    for model, version in (("none", ""), ("lists", "9")):
        with pytest.raises(TritonError) as caught:
            client.is_model_ready(model, version)
        assert caught.value.status() == "StatusCode.NOT_FOUND"


def test_metadata(client: Any):
    """What is declared."""
    assert client.get_server_metadata().extensions == ["binary_tensor_data"]
    said = client.get_model_metadata("arrays", as_json=True)
    assert said["inputs"] == [{"name": "x", "datatype": "FP32", "shape": ["-1", "2"]}]
    assert ([one["name"] for one in said["outputs"]], said["platform"]) == (["same", "dtype"], "onnx")
    assert client.get_model_metadata("lists", "2").versions == ["1.0", "2"]


@pytest.mark.parametrize(("datatype", "array"), ARRAYS, ids=[datatype for datatype, _ in ARRAYS])
def test_inference(client: Any, datatype: str, array: Any):
    """Every datatype there and back: the same values and shape, under the request's id."""
    answer = client.infer("lists", [tensor("x", array, datatype)], request_id="mine")
    said = answer.get_response()
    assert (said.id, said.model_name, said.model_version) == ("mine", "lists", "1.0")
    got = answer.as_numpy("x")
    assert (got.shape, got.tolist()) == (array.shape, array.tolist())


def test_arrays(client: Any):
    """A handler that wants arrays has them; outputs are called and typed as declared, and only those come that are wanted."""
    array = numpy.array([[1, 2], [3, 4]], "float32")
    answer = client.infer("arrays", [tensor("x", array, "FP32")])
    assert answer.as_numpy("same").dtype == numpy.float32
    assert answer.as_numpy("same").tolist() == array.tolist()
    assert answer.as_numpy("dtype").tolist() == [b"float32"]
    only = client.infer("arrays", [tensor("x", array, "FP32")], outputs=[triton.InferRequestedOutput("dtype")])
    assert only.as_numpy("same") is None
    assert only.as_numpy("dtype").tolist() == [b"float32"]


def test_a_version_and_parameters(client: Any):
    """The version that is asked answers; parameters of every kind pass."""
    told = {"a": 1, "b": True, "c": "x"}
    answer = client.infer("lists", [words("a")], model_version="2", parameters=told)
    assert answer.get_response().model_version == "2"


def test_large_tensors(client: Any):
    """What is larger than a message's inline part travels beside it."""
    array = numpy.arange(20_000, dtype="float32")
    answer = client.infer("lists", [tensor("x", array, "FP32")])
    assert (answer.as_numpy("x") == array).all()


def test_at_once(client: Any):
    """Many requests, each with its own answer."""
    results: queue.Queue[tuple[Any, Any]] = queue.Queue()
    for n in range(20):
        given = [tensor("x", numpy.array([n], "int64"), "INT64")]
        client.async_infer("lists", given, lambda result, error: results.put((result, error)))
    got = [results.get(timeout=PATIENCE_S) for _ in range(20)]
    assert not [error for _, error in got if error]
    assert sorted(result.as_numpy("x").tolist()[0] for result, _ in got) == list(range(20))


def test_errors(client: Any):
    """Their words reach it, without Java's classes; status codes are gRPC's."""
    array = numpy.ones(1, "float32")
    inputs = [tensor("x", array, "FP32")]
    wanted = [triton.InferRequestedOutput("y")]
    acts: list[tuple[Callable[[], Any], str, str]] = [
        (lambda: client.infer("none", inputs), "NOT_FOUND", "Model not found: none"),
        (lambda: client.infer("lists", inputs, model_version="9"), "NOT_FOUND", "Model version: 9 does not exist"),
        (lambda: client.get_model_metadata("none"), "NOT_FOUND", "Model not found: none"),
        (lambda: client.get_model_metadata("echo"), "NOT_FOUND", "resource is not found"),
        (lambda: client.get_model_config("lists"), "UNIMPLEMENTED", "Method not found"),
        (lambda: client.infer("lists", inputs, outputs=wanted), "INVALID_ARGUMENT", "no output 'y'"),
        (lambda: client.infer("arrays", inputs * 2), "UNAVAILABLE", "Prediction failed"),
        (lambda: client.infer("tokens", [words("a", "b")]), "INVALID_ARGUMENT", "ask by ModelStreamInfer"),
        (lambda: client.infer("", inputs), "INVALID_ARGUMENT", "model_name is required"),
    ]
    for act, status, said in acts:
        with pytest.raises(TritonError) as caught:
            act()
        assert (caught.value.status(), said in caught.value.message()) == (f"StatusCode.{status}", True), said
        assert "org.pytorch" not in caught.value.message()


def test_a_stream(client: Any, server: Server):
    """Answers come in the order of the requests; one that fails does not end the stream; each is counted once, by its code."""

    def counted(code: str) -> float:
        return server.metrics("servescope_requests_total", model_name="lists", transport="grpc", code=code) or 0.0

    before = counted("200")
    results: queue.Queue[tuple[Any, Any]] = queue.Queue()
    client.start_stream(lambda result, error: results.put((result, error)))
    for n in range(40):
        model = "none" if n == 20 else "lists"
        client.async_stream_infer(model, [tensor("x", numpy.array([n], "int64"), "INT64")], request_id=str(n))
    got = [results.get(timeout=PATIENCE_S) for _ in range(40)]
    client.stop_stream()
    assert [n for n, (_, error) in enumerate(got) if error] == [20]
    assert "Model not found: none" in got[20][1].message()
    assert [(result.get_response().id, result.as_numpy("x").tolist()) for result, error in got if not error] == [
        (str(n), [n]) for n in range(40) if n != 20
    ]
    assert counted("200") == before + 39


def test_a_stream_of_pieces(client: Any):
    """A handler that streams: each piece is a response, the last of them says that it is the last."""
    results: queue.Queue[tuple[Any, Any]] = queue.Queue()
    client.start_stream(lambda result, error: results.put((result, error)))
    client.async_stream_infer("tokens", [words("a", "b", "c")], request_id="mine")
    got = [results.get(timeout=PATIENCE_S) for _ in range(3)]
    client.stop_stream()
    assert not [error for _, error in got if error]
    said = [result.get_response() for result, _ in got]
    assert [one.parameters["triton_final_response"].bool_param for one in said] == [False, False, True]
    assert {one.id for one in said} == {"mine"}
    assert [result.as_numpy("x").tolist() for result, _ in got] == [[b"a"], [b"b"], [b"c"]]
