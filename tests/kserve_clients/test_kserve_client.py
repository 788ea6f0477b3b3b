"""`kserve`'s own client works unchanged, with its defaults, by V2 and by V1."""

import asyncio

import httpx
import pytest

from integration.server import wait_until
from kserve_clients.needed import needed

kserve = needed("kserve")
numpy = needed("numpy")

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def url(server):
    """Where the models are, once they are there."""
    wait_until(lambda: server.http.get(server.url("inference", "/v2/health/ready")).status_code == 200, "the models")
    return server.url("inference", "")


def ask(protocol, act):
    """What a call of the client gives."""

    async def main():
        async with kserve.InferenceRESTClient(kserve.RESTConfig(protocol=protocol)) as client:
            return await act(client)

    return asyncio.run(main())


def test_health(url):
    """Of the server and of a model, by both protocols."""
    assert ask("v2", lambda client: client.is_server_live(url)) is True
    assert ask("v2", lambda client: client.is_server_ready(url)) is True
    assert ask("v2", lambda client: client.is_model_ready(url, "lists")) is True
    assert ask("v2", lambda client: client.is_model_ready(url, "none")) is False
    assert ask("v1", lambda client: client.is_model_ready(url, "plain")) is True


@pytest.mark.parametrize("binary", [True, False])
@pytest.mark.parametrize(
    ("datatype", "array"),
    [
        ("FP32", numpy.arange(6, dtype="float32").reshape(3, 2)),
        ("INT64", numpy.array([2**40, -1], "int64")),
        ("BOOL", numpy.array([[True], [False]])),
        ("BYTES", numpy.array([b"a", b"bc"], dtype=object)),
        ("FP64", numpy.array([0.5])),
    ],
)
def test_inference(url, datatype, array, binary):
    """In binary and in JSON: the same values and shape, under the request's id."""
    tensor = kserve.InferInput("x", list(array.shape), datatype)
    tensor.set_data_from_numpy(array, binary_data=binary)
    request = kserve.InferRequest("lists", [tensor], request_id="mine")
    answer = ask("v2", lambda client: client.infer(url, request, model_name="lists"))
    (output,) = answer.outputs
    assert (answer.id, answer.model_name, output.name, output.shape) == ("mine", "lists", "x", list(array.shape))
    got = output.as_numpy().tolist()
    assert [one.encode() if isinstance(one, str) else one for one in got] == array.tolist()


def test_requested_outputs(url):
    """Only those, in binary where that is asked."""
    tensor = kserve.InferInput("x", [1, 2], "FP32")
    tensor.set_data_from_numpy(numpy.ones((1, 2), "float32"))
    wanted = [kserve.protocol.infer_type.RequestedOutput("same", {"binary_data": True})]
    request = kserve.InferRequest("arrays", [tensor], request_outputs=wanted)
    answer = ask("v2", lambda client: client.infer(url, request, model_name="arrays"))
    assert [(one.name, one.as_numpy().tolist()) for one in answer.outputs] == [("same", [[1, 1]])]


def test_errors(url):
    """Their words reach it."""
    tensor = kserve.InferInput("x", [1], "FP32", data=[1.0])
    for model, words in (("none", "Model not found: none"), ("arrays", "Prediction failed")):
        request = kserve.InferRequest(model, [tensor, tensor])
        with pytest.raises(httpx.HTTPStatusError, match=words):
            ask("v2", lambda client, request=request, model=model: client.infer(url, request, model_name=model))
