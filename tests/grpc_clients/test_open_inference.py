"""KServe's V2 protocol under TorchServe's package, by stubs of our .proto file: typed and raw, other models, errors."""

import base64
import importlib
import json
import sys
from types import ModuleType
from typing import Any

import pytest

from grpc_clients.calls import PATIENCE_S, refused
from grpc_clients.conftest import PROTOS, Client
from grpc_clients.needed import needed
from integration.server import Server, pack, wait_until

grpc = needed("grpc")

pytestmark = pytest.mark.integration

# A model as those of TorchServe's protocol are: it is given a JSON body, and writes V2's JSON itself.
OWN = """
import json

def handle(data, context):
    if data is None:
        return None
    answers = []
    for row in data:
        asked = row["body"]
        text = json.dumps(asked)
        outputs = [{"name": "asked", "datatype": "BYTES", "shape": [1], "data": [text]},
                   {"name": "sum", "datatype": "FP64", "shape": [1, 2], "data": [[1, 2.5]]}]
        answers.append({"model_name": "own", "model_version": "1.0", "id": asked["id"], "outputs": outputs})
    return answers
"""


@pytest.fixture(scope="module")
def messages(tmp_path_factory: pytest.TempPathFactory) -> tuple[ModuleType, ModuleType]:
    """As the real compiler makes them of our file, in TorchServe's package: Triton's client has the other one."""
    protoc = needed("grpc_tools.protoc")
    out = tmp_path_factory.mktemp("open_inference")
    text = (PROTOS / "kserve.proto").read_text()
    changed = text.replace("package inference;", "package org.pytorch.serve.grpc.openinference;")
    (out / "open_inference.proto").write_text(changed)
    words = ["protoc", f"-I{out}", f"--python_out={out}", f"--grpc_python_out={out}", "open_inference.proto"]
    assert protoc.main(words) == 0
    sys.path.insert(0, str(out))
    found = tuple(importlib.import_module(f"open_inference_{kind}") for kind in ("pb2", "pb2_grpc"))
    sys.path.remove(str(out))
    return found


@pytest.fixture
def stub(client: Client, messages: tuple[ModuleType, ModuleType], server: Server) -> Any:
    """The service, once the models are there."""
    stub = messages[1].GRPCInferenceServiceStub(client.channels[0])
    ready = messages[0].ModelReadyRequest(name="lists")
    wait_until(lambda: stub.ModelReady(ready, timeout=PATIENCE_S).ready, "the model")
    return stub


def request(messages: tuple[ModuleType, ModuleType], model: str, *tensors: dict[str, Any], **more: Any) -> Any:
    """A ModelInferRequest; a tensor's last entry is its contents."""
    inputs = []
    for one in tensors:
        contents = {key: value for key, value in one.items() if key.endswith("contents")}
        rest = {key: value for key, value in one.items() if key not in contents}
        inputs.append(rest | ({"contents": contents} if contents else {}))
    return messages[0].ModelInferRequest(model_name=model, inputs=inputs, **more)


TYPED = [
    ("BOOL", "bool_contents", [True, False]),
    ("INT8", "int_contents", [-128, 127]),
    ("INT16", "int_contents", [-(2**15)]),
    ("INT32", "int_contents", [2**31 - 1]),
    ("INT64", "int64_contents", [-(2**63), 2**63 - 1]),
    ("UINT8", "uint_contents", [0, 255]),
    ("UINT16", "uint_contents", [2**16 - 1]),
    ("UINT32", "uint_contents", [2**32 - 1]),
    ("UINT64", "uint64_contents", [2**63 - 1]),
    ("FP32", "fp32_contents", [0.5, float("inf")]),
    ("FP64", "fp64_contents", [1e300, -0.0]),
    ("BYTES", "bytes_contents", [b"a", b"\xff\x00"]),
]


@pytest.mark.parametrize(("datatype", "field", "elements"), TYPED, ids=[datatype for datatype, _, _ in TYPED])
def test_typed_contents(stub: Any, messages, datatype: str, field: str, elements: list[Any]):
    """The answer to a typed request is typed: by name, datatype and shape the same."""
    told = {"name": "x", "datatype": datatype, "shape": [len(elements)], field: elements}
    answer = stub.ModelInfer(request(messages, "lists", told, id="mine"), timeout=PATIENCE_S)
    (output,) = answer.outputs
    wide = {"FP32": "FP64"}.get(datatype, datatype if datatype in ("BOOL", "BYTES", "FP64") else "INT64")
    assert (answer.id, output.name, output.datatype, list(output.shape)) == ("mine", "x", wide, [len(elements)])
    (got,) = [list(value) for _, value in output.contents.ListFields()]
    assert (got, list(answer.raw_output_contents)) == (elements, [])


def test_health_and_metadata(stub: Any, messages):
    """What REST's paths say."""
    asked = messages[0]
    assert stub.ServerLive(asked.ServerLiveRequest(), timeout=PATIENCE_S).live
    wait_until(lambda: stub.ServerReady(asked.ServerReadyRequest(), timeout=PATIENCE_S).ready, "the models")
    assert stub.ServerMetadata(asked.ServerMetadataRequest(), timeout=PATIENCE_S).name == "Torchserve"
    said = stub.ModelMetadata(asked.ModelMetadataRequest(name="arrays"), timeout=PATIENCE_S)
    assert [(one.name, one.datatype, list(one.shape)) for one in said.inputs] == [("x", "FP32", [-1, 2])]


def test_a_model_without_the_protocol(stub: Any, messages, server: Server):
    """TorchServe's way: a JSON body with texts in base64, and the handler's own JSON is the answer; raw contents are read, too."""
    pack(server.store / "own.mar", "own", OWN)
    url = server.url("management", "/models")
    server.http.post(url, params={"url": "own.mar", "initial_workers": 1, "synchronous": "true"}).raise_for_status()
    tensors = [
        {"name": "t", "datatype": "BYTES", "shape": [1], "bytes_contents": [b"\xffa"]},
        {"name": "n", "datatype": "INT32", "shape": [2], "int_contents": [1, 2]},
    ]
    typed = request(messages, "own", *tensors, id="7")
    raw = request(
        messages,
        "own",
        *({key: one[key] for key in ("name", "datatype", "shape")} for one in tensors),
        id="7",
        raw_input_contents=[b"\x02\0\0\0\xffa", b"\1\0\0\0\2\0\0\0"],
    )
    for asked in (typed, raw):
        answer = stub.ModelInfer(asked, timeout=PATIENCE_S)
        said, total = answer.outputs
        seen = json.loads(said.contents.bytes_contents[0])
        assert (seen["id"], seen["model_name"], answer.id) == ("7", "own", "7")
        assert [one["data"] for one in seen["inputs"]] == [[base64.b64encode(b"\xffa").decode()], [1, 2]]
        assert list(total.contents.fp64_contents) == [1, 2.5]


def test_an_answer_that_is_none(stub: Any, messages, server: Server):
    """INTERNAL, in words, and counted as 500."""
    told = {"name": "x", "datatype": "INT32", "shape": [1], "int_contents": [1]}
    pack(server.store / "text.mar", "text", "def handle(data, context):\n    return data and ['ok'] * len(data)\n")
    url = server.url("management", "/models")
    server.http.post(url, params={"url": "text.mar", "initial_workers": 1, "synchronous": "true"}).raise_for_status()
    status, said = refused(stub.ModelInfer, request(messages, "text", told))
    assert status is grpc.StatusCode.INTERNAL
    assert said.startswith("The model's answer is none of KServe's V2 protocol")
    assert server.metrics("servescope_requests_total", model_name="text", transport="grpc", code="500") == 1


BAD = [
    (
        {"datatype": "FP32", "shape": [1], "int_contents": [1]},
        {},
        "FP32 belongs into fp32_contents, not into int_contents",
    ),
    ({"datatype": "FP16", "shape": [1], "fp32_contents": [1]}, {}, "FP16 has no typed contents"),
    ({"datatype": "FLOAT", "shape": [1], "fp32_contents": [1]}, {}, "datatype='FLOAT' is none of BOOL"),
    ({"datatype": "INT8", "shape": [1], "int_contents": [128]}, {}, "an element is no INT8"),
    ({"datatype": "UINT16", "shape": [1], "uint_contents": [2**16]}, {}, "an element is no UINT16"),
    ({"datatype": "INT64", "shape": [3], "int64_contents": [1, 2]}, {}, "do not fit shape [3] of INT64"),
    ({"datatype": "INT64", "shape": [-1], "int64_contents": [1]}, {}, "shape=[-1] is no list of lengths"),
    ({"datatype": "INT64", "shape": [1]}, {"raw_input_contents": [b"12345678", b""]}, "2 elements for 1 inputs"),
    (
        {"datatype": "INT64", "shape": [1], "int64_contents": [1]},
        {"raw_input_contents": [b"12345678"]},
        "contents beside",
    ),
    ({"datatype": "INT64", "shape": [1]}, {"raw_input_contents": [b"1234567"]}, "7 bytes do not fit"),
    (
        {"datatype": "BYTES", "shape": [1]},
        {"raw_input_contents": [b"\x09\0\0\0a"]},
        "element 0 has 9 bytes, of which 1 came",
    ),
]


@pytest.mark.parametrize(("told", "more", "words"), BAD, ids=[words for _, _, words in BAD])
def test_what_is_wrong_with_an_input(stub: Any, messages, server: Server, told, more, words: str):
    """INVALID_ARGUMENT, with its place and the value; counted as 400, once."""

    def counted() -> float:
        return server.metrics("servescope_requests_total", model_name="lists", transport="grpc", code="400") or 0.0

    before = counted()
    status, said = refused(stub.ModelInfer, request(messages, "lists", {"name": "x", **told}, **more))
    assert status is grpc.StatusCode.INVALID_ARGUMENT
    assert words in said
    assert said.endswith("\norg.pytorch.serve.http.BadRequestException")
    assert counted() == before + 1


def test_lookups_have_torchserves_codes(stub: Any, messages):
    """INTERNAL for inference, NOT_FOUND for what is asked of a model; the Java class in a line of its own."""
    asked = messages[0]
    for act, message, status in (
        (stub.ModelInfer, asked.ModelInferRequest(model_name="none"), "INTERNAL"),
        (stub.ModelReady, asked.ModelReadyRequest(name="none"), "NOT_FOUND"),
        (stub.ModelMetadata, asked.ModelMetadataRequest(name="none"), "NOT_FOUND"),
    ):
        code, said = refused(act, message)
        assert code is grpc.StatusCode[status]
        assert said.endswith("\norg.pytorch.serve.archive.model.ModelNotFoundException")
    assert refused(stub.ModelReady, asked.ModelReadyRequest())[0] is grpc.StatusCode.INVALID_ARGUMENT
