"""Server reflection, as grpcurl and others ask for it: by its bytes on the wire, of both versions, on both ports."""

from collections.abc import Sequence
from typing import Any

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

from grpc_clients.calls import PATIENCE_S
from grpc_clients.conftest import Client
from grpc_clients.needed import needed
from integration.server import Server

needed("grpc")

from servescope.web.grpc.protos.messages import REFLECTION, REFLECTION_ALPHA, Messages  # noqa: E402  # needs protobuf

pytestmark = pytest.mark.integration

VERSIONS = [REFLECTION, REFLECTION_ALPHA]
INFERENCE = "org.pytorch.serve.grpc.inference.InferenceAPIsService"


def asked(client: Client, port: int, version: str, questions: Sequence[dict[str, Any]]) -> list[Any]:
    """The answers to a stream of questions."""
    method = Messages().methods(version)["ServerReflectionInfo"]
    call = client.channels[port].stream_stream(
        method.path, lambda message: message.SerializeToString(), method.response.FromString
    )
    return list(call((method.request(**one) for one in questions), timeout=PATIENCE_S))


@pytest.mark.parametrize("version", VERSIONS)
def test_services_of_each_port(client: Client, version: str):
    """Those that are there, and no others."""
    for port, expected in enumerate((INFERENCE, "org.pytorch.serve.grpc.management.ManagementAPIsService")):
        (answer,) = asked(client, port, version, [{"list_services": ""}])
        names = [one.name for one in answer.list_services_response.service]
        assert expected in names
        assert {"grpc.health.v1.Health", *VERSIONS} <= set(names)
        assert ("inference.GRPCInferenceService" in names) == (port == 0)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_client_that_knows_nothing_can_call(client: Client, server: Server, version: str):
    """From the service's name to an answer, by nothing but what the server says."""
    (answer,) = asked(client, 0, version, [{"file_containing_symbol": INFERENCE}])
    pool = DescriptorPool()
    for data in reversed(answer.file_descriptor_response.file_descriptor_proto):
        pool.Add(FileDescriptorProto.FromString(data))
    method = pool.FindServiceByName(INFERENCE).methods_by_name["Predictions"]
    request = GetMessageClass(method.input_type)(model_name="echo", input={"a": b"1"})
    call = client.channels[0].unary_unary(
        f"/{INFERENCE}/Predictions",
        lambda message: message.SerializeToString(),
        GetMessageClass(method.output_type).FromString,
    )
    assert call(request, timeout=PATIENCE_S).prediction == b'{"a": "1"}'


def test_what_is_not_there(client: Client, server: Server):
    """An error's number and words in the answer, and the stream goes on; each question is counted."""

    def counted() -> float:
        path = f"/{REFLECTION}/ServerReflectionInfo"
        return server.metrics("servescope_http_requests_total", path=path, code="200") or 0.0

    before = counted()
    questions = [
        {"file_by_filename": "no.proto"},
        {"file_containing_symbol": "no.Such"},
        {"all_extension_numbers_of_type": "no.Such"},
        {"file_containing_extension": {"containing_type": "a.B", "extension_number": 1}},
        {"all_extension_numbers_of_type": "inference.ModelInferRequest"},
        {"file_by_filename": "kserve.proto"},
    ]
    answers = asked(client, 0, REFLECTION, questions)
    assert [one.error_response.error_code for one in answers] == [5, 5, 5, 5, 0, 0]
    assert "no.proto" in answers[0].error_response.error_message
    assert answers[4].all_extension_numbers_response.base_type_name == "inference.ModelInferRequest"
    assert [one.original_request.WhichOneof("message_request") for one in answers] == [
        next(iter(one)) for one in questions
    ]
    assert counted() == before + 6
