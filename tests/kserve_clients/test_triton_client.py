"""`tritonclient.http` works unchanged, with its defaults: health, metadata, inference in binary and in JSON, errors."""

import pytest

from integration.server import wait_until
from kserve_clients.needed import needed

triton = needed("tritonclient.http")
numpy = needed("numpy")
TritonError = needed("tritonclient.utils").InferenceServerException

pytestmark = pytest.mark.integration

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
    ("BYTES", numpy.array([b"a", b"bc"], dtype=object)),
]


@pytest.fixture(scope="module")
def client(server):
    """The client, once the models are there."""
    client = triton.InferenceServerClient(f"127.0.0.1:{server.ports['inference']}")
    wait_until(lambda: client.is_server_ready() and client.is_model_ready("lists", "2"), "the models")
    yield client
    client.close()


def tensor(name, array, datatype, binary=True):
    """An input as its client makes it."""
    given = triton.InferInput(name, list(array.shape), datatype)
    given.set_data_from_numpy(array, binary_data=binary)
    return given


def test_health(client):
    """Of the server, of models and of their versions."""
    assert client.is_server_live()
    assert client.is_model_ready("arrays")
    assert client.is_model_ready("lists", "1.0")
    assert not client.is_model_ready("none")
    assert not client.is_model_ready("lists", "9")


def test_metadata(client):
    """What is declared."""
    assert client.get_server_metadata()["extensions"] == ["binary_tensor_data"]
    said = client.get_model_metadata("arrays")
    assert said["inputs"] == [{"name": "x", "datatype": "FP32", "shape": [-1, 2]}]
    assert [one["name"] for one in said["outputs"]] == ["same", "dtype"]
    assert client.get_model_metadata("lists", "2")["versions"] == ["1.0", "2"]


@pytest.mark.parametrize("binary", [True, False])
@pytest.mark.parametrize("asked", ["default", "binary", "json"])
@pytest.mark.parametrize(("datatype", "array"), ARRAYS, ids=[datatype for datatype, _ in ARRAYS])
def test_inference(client, datatype, array, binary, asked):
    """Every datatype, in each way there and back: the same values and shape."""
    outputs = None if asked == "default" else [triton.InferRequestedOutput("x", binary_data=asked == "binary")]
    answer = client.infer("lists", [tensor("x", array, datatype, binary)], outputs=outputs, request_id="mine")
    said = answer.get_response()
    assert (said["id"], said["model_name"], said["model_version"]) == ("mine", "lists", "1.0")
    got = answer.as_numpy("x")
    expected = array.tolist() if datatype != "BYTES" or asked != "json" else [one.decode() for one in array]
    assert (got.shape, got.tolist()) == (array.shape, expected)


def test_arrays(client):
    """A handler that wants arrays has them, and its outputs are called and typed as declared."""
    array = numpy.array([[1, 2], [3, 4]], "float32")
    answer = client.infer("arrays", [tensor("x", array, "FP32")])
    assert answer.as_numpy("same").dtype == numpy.float32
    assert answer.as_numpy("same").tolist() == array.tolist()
    assert answer.as_numpy("dtype").tolist() == [b"float32"]
    only = client.infer("arrays", [tensor("x", array, "FP32")], outputs=[triton.InferRequestedOutput("dtype")])
    assert only.as_numpy("same") is None


def test_bytes_that_are_no_text(client):
    """Come back as they went."""
    array = numpy.array([b"\xff\x00", b"", "ä".encode()], dtype=object)
    assert client.infer("lists", [tensor("x", array, "BYTES")]).as_numpy("x").tolist() == array.tolist()


def test_a_version(client):
    """The one that is asked answers."""
    array = numpy.ones(1, "float32")
    answer = client.infer("lists", [tensor("x", array, "FP32")], model_version="2")
    assert answer.get_response()["model_version"] == "2"


@pytest.mark.parametrize("compression", ["gzip", "deflate"])
def test_compression(client, compression):
    """Of the request."""
    array = numpy.zeros((100, 2), "float32")
    answer = client.infer(
        "lists",
        [tensor("x", array, "FP32")],
        request_compression_algorithm=compression,
        response_compression_algorithm=compression,
    )
    assert answer.as_numpy("x").shape == (100, 2)


def test_at_once(client, server):
    """Many requests, each with its own answer."""
    many = triton.InferenceServerClient(f"127.0.0.1:{server.ports['inference']}", concurrency=4)
    waiting = [
        many.async_infer("lists", [tensor("x", numpy.array([n], "int64"), "INT64")], request_id=str(n))
        for n in range(20)
    ]
    assert [one.get_result().as_numpy("x").tolist() for one in waiting] == [[n] for n in range(20)]
    many.close()


def test_errors(client):
    """Are read by it."""
    array = numpy.ones(1, "float32")
    inputs = [tensor("x", array, "FP32")]
    for act, status, words in (
        (lambda: client.infer("none", inputs), "404", "Model not found: none"),
        (lambda: client.infer("lists", inputs, model_version="9"), "404", "Model version: 9 does not exist"),
        (lambda: client.get_model_metadata("none"), "404", "Model not found: none"),
        (lambda: client.get_model_config("lists"), "404", "not found"),
        (lambda: client.infer("lists", inputs, outputs=[triton.InferRequestedOutput("y")]), "400", "no output 'y'"),
        (lambda: client.infer("arrays", inputs * 2), "503", "Prediction failed"),
    ):
        with pytest.raises(TritonError) as caught:
            act()
        assert (caught.value.status(), words in caught.value.message()) == (status, True)
