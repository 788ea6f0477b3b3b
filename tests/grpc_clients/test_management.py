"""TorchServe's management service by a real client: the same life of a model as over HTTP."""

import json

import pytest

from grpc_clients.calls import PATIENCE_S, refused
from grpc_clients.conftest import ECHO, Client
from grpc_clients.needed import needed
from integration.server import Server, pack

grpc = needed("grpc")

pytestmark = pytest.mark.integration


def test_the_life_of_a_model(client: Client, server: Server):
    """Register, describe, list, scale, set default, predict, unregister; each says what HTTP says."""
    calls, asks = client.management, client.manages
    pack(server.store / "life.mar", "life", ECHO)
    pack(server.store / "life2.mar", "life", ECHO, version="2.0")
    for url in ("life.mar", "life2.mar"):
        said = calls.RegisterModel(asks("RegisterModelRequest", url=url, initial_workers=1), timeout=PATIENCE_S).msg
        assert said.endswith("registered with 1 initial workers")
    said = calls.SetDefault(asks("SetDefaultRequest", model_name="life", model_version="2.0"), timeout=PATIENCE_S).msg
    assert said == 'Default version successfully updated for model "life" to "2.0"'
    scaled = asks("ScaleWorkerRequest", model_name="life", min_worker=2, synchronous=True)
    assert calls.ScaleWorker(scaled, timeout=PATIENCE_S).msg == "Workers scaled to 2 for model: life"
    described = calls.DescribeModel(asks("DescribeModelRequest", model_name="life"), timeout=PATIENCE_S).msg
    (one,) = json.loads(described)
    assert (one["modelVersion"], len(one["workers"])) == ("2.0", 2)
    assert client.inference.Predictions(client.asks("life", a=b"1"), timeout=PATIENCE_S).prediction == b'{"a": "1"}'
    for version in ("1.0", "2.0"):
        gone = asks("UnregisterModelRequest", model_name="life", model_version=version)
        assert calls.UnregisterModel(gone, timeout=PATIENCE_S).msg == 'Model "life" unregistered'
    listed = json.loads(calls.ListModels(asks("ListModelsRequest", limit=100), timeout=PATIENCE_S).msg)
    assert "life" not in [model["modelName"] for model in listed["models"]]


def test_a_list_without_a_limit_is_as_long_as_https(client: Client, server: Server):
    """What was not sent was not given: TorchServe's list would be empty."""
    listed = json.loads(client.management.ListModels(client.manages("ListModelsRequest"), timeout=PATIENCE_S).msg)
    assert listed == server.manage("GET", "/models").json()


def test_scaling_to_zero_can_be_said(client: Client, server: Server):
    """A 0 that was sent is a 0; without min_worker it is TorchServe's 1."""
    pack(server.store / "zero.mar", "zero", ECHO)
    server.register("zero.mar")
    calls = client.management
    calls.ScaleWorker(client.manages("ScaleWorkerRequest", model_name="zero", min_worker=0, synchronous=True))
    assert server.manage("GET", "/models/zero").json()[0]["workers"] == []
    status, said = refused(client.inference.Predictions, client.asks("zero"))
    assert status is grpc.StatusCode.INTERNAL
    assert said.endswith("\norg.pytorch.serve.http.ServiceUnavailableException")
    calls.ScaleWorker(client.manages("ScaleWorkerRequest", model_name="zero", synchronous=True), timeout=PATIENCE_S)
    assert len(server.manage("GET", "/models/zero").json()[0]["workers"]) == 1
    server.manage("DELETE", "/models/zero")


@pytest.mark.parametrize(
    ("method", "message", "fields", "name", "words"),
    [
        ("RegisterModel", "RegisterModelRequest", {}, "INVALID_ARGUMENT", "Parameter url is required."),
        ("RegisterModel", "RegisterModelRequest", {"url": "nothing.mar"}, "NOT_FOUND", "nothing.mar"),
        ("RegisterModel", "RegisterModelRequest", {"url": "echo.mar"}, "ABORTED", "already registered"),
        ("RegisterModel", "RegisterModelRequest", {"url": "echo.mar", "runtime": "cobol"}, "INVALID_ARGUMENT", "cobol"),
        ("DescribeModel", "DescribeModelRequest", {"model_name": "nobody"}, "NOT_FOUND", "nobody"),
        ("DescribeModel", "DescribeModelRequest", {}, "INVALID_ARGUMENT", "model_name"),
        ("ScaleWorker", "ScaleWorkerRequest", {"model_name": "echo", "min_worker": -1}, "INVALID_ARGUMENT", "'-1'"),
        ("ScaleWorker", "ScaleWorkerRequest", {"model_name": "nobody"}, "NOT_FOUND", "nobody"),
        ("SetDefault", "SetDefaultRequest", {"model_name": "echo", "model_version": "9"}, "NOT_FOUND", "9"),
        ("UnregisterModel", "UnregisterModelRequest", {"model_name": "nobody"}, "NOT_FOUND", "nobody"),
    ],
)
def test_refusals(client: Client, method: str, message: str, fields: dict[str, object], name: str, words: str):
    """Each with its status, and with words that name what is wrong."""
    status, said = refused(getattr(client.management, method), client.manages(message, **fields))
    assert status is grpc.StatusCode[name], said
    assert words in said
    assert said.rpartition("\n")[2].startswith("org.pytorch.serve.")


def test_workers_start_while_calls_are_under_way(client: Client, server: Server):
    """GRPC's threads do no harm to the processes that the server forks."""
    calls = client.management
    for _ in range(5):
        busy = [client.inference.Predictions.future(client.asks("echo", a=b"1"), timeout=PATIENCE_S) for _ in range(80)]
        for least in (3, 1):
            asked = client.manages("ScaleWorkerRequest", model_name="echo", min_worker=least, synchronous=True)
            calls.ScaleWorker(asked, timeout=PATIENCE_S)
        for one in busy:
            assert one.result().prediction == b'{"a": "1"}'
    assert "SIGSEGV" not in server.console()
