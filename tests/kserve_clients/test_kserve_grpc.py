"""`kserve`'s own gRPC client works unchanged, with its defaults."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from integration.server import Server, wait_until
from kserve_clients.needed import needed

grpc = needed("grpc")
kserve = needed("kserve")
numpy = needed("numpy")
client_of = needed("kserve.inference_client").InferenceGRPCClient

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def address(server: Server, grpc_ports: tuple[int, int]) -> str:
    """Where gRPC is, once the models are there."""
    wait_until(lambda: server.http.get(server.url("inference", "/v2/health/ready")).status_code == 200, "the models")
    return f"127.0.0.1:{grpc_ports[0]}"


def ask(address: str, act: Callable[[Any], Any]) -> Any:
    """What a call of the client gives."""

    async def main() -> Any:
        async with client_of(address, retries=0) as client:
            return await act(client)

    return asyncio.run(main())


def test_health(address: str):
    """Of the server and of a model."""
    assert ask(address, lambda client: client.is_server_live()) is True
    assert ask(address, lambda client: client.is_server_ready()) is True
    assert ask(address, lambda client: client.is_model_ready("lists")) is True
    with pytest.raises(grpc.RpcError) as caught:
        ask(address, lambda client: client.is_model_ready("none"))
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND


@pytest.mark.parametrize("raw", [True, False])
@pytest.mark.parametrize(
    ("datatype", "array"),
    [
        ("FP32", numpy.arange(6, dtype="float32").reshape(3, 2)),
        ("INT64", numpy.array([2**40, -1], "int64")),
        ("BOOL", numpy.array([[True], [False]])),
        ("BYTES", numpy.array([b"a", b"bc"], dtype=object)),
        ("FP64", numpy.array([0.5])),
        ("UINT8", numpy.array([255], "uint8")),
    ],
)
def test_inference(address: str, datatype: str, array: Any, raw: bool):
    """Raw and typed, and so is the answer: the same values and shape, under the request's id."""
    tensor = kserve.InferInput("x", list(array.shape), datatype)
    tensor.set_data_from_numpy(array, binary_data=raw)
    request = kserve.InferRequest("lists", [tensor], request_id="mine")
    answer = ask(address, lambda client: client.infer(request))
    (output,) = answer.outputs
    assert (answer.id, answer.model_name, output.name, output.shape) == ("mine", "lists", "x", list(array.shape))
    got = output.as_numpy().tolist()
    assert [one.encode() if isinstance(one, str) else one for one in got] == array.tolist()


def test_errors(address: str):
    """Their words reach it, and gRPC's codes."""
    tensor = kserve.InferInput("x", [1], "FP32", data=[1.0])
    for model, code, words in (("none", "NOT_FOUND", "Model not found: none"), ("arrays", "UNAVAILABLE", "failed")):
        request = kserve.InferRequest(model, [tensor, tensor])
        with pytest.raises(grpc.RpcError, match=words) as caught:
            ask(address, lambda client, request=request: client.infer(request))
        assert caught.value.code() is grpc.StatusCode[code]
