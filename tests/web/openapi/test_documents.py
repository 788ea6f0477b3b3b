"""The API descriptions are valid OpenAPI, name every route, and keep the operation ids that clients are made from."""

import json

import pytest
from openapi_spec_validator import OpenAPIV30SpecValidator

from servescope.web import openapi

MODEL_NAMES = ["noop", "resnet-18", "a b/{c}"]

PROBES = {
    "/livez": {"get": "live", "head": "liveHead"},
    "/readyz": {"get": "ready", "head": "readyHead"},
    "/readyz/models": {"get": "readyModels", "head": "readyModelsHead"},
}
INFERENCE = PROBES | {
    "/": {"options": "apiDescription"},
    "/api-description": {"get": "api-description"},
    "/ping": {"get": "ping"},
    "/predictions/{model_name}": {"post": "predictions", "options": "modelApi"},
    "/predictions/{model_name}/{model_version}": {"post": "version_predictions", "options": "version_modelApi"},
    "/predictions/{model_name}/{model_version}/{url_path}": {"post": "path_predictions"},
    "/explanations/{model_name}": {"post": "explanations"},
    "/explanations/{model_name}/{model_version}": {"post": "version_explanations"},
    "/v1/models/{model_name}:predict": {"post": "predictV1"},
    "/v1/models/{model_name}:explain": {"post": "explainV1"},
    "/v2/models/{model_name}/infer": {"post": "inferV2"},
    "/v2/models/{model_name}/explain": {"post": "explainV2"},
    "/v2/models/{model_name}/versions/{model_version}/infer": {"post": "version_inferV2"},
    "/v2/models/{model_name}/versions/{model_version}/explain": {"post": "version_explainV2"},
    "/v2": {"get": "serverMetadata"},
    "/v2/health/live": {"get": "serverLive"},
    "/v2/health/ready": {"get": "serverReady"},
    "/v2/models/{model_name}": {"get": "modelMetadataV2"},
    "/v2/models/{model_name}/ready": {"get": "modelReadyV2"},
    "/v2/models/{model_name}/versions/{model_version}": {"get": "version_modelMetadataV2"},
    "/v2/models/{model_name}/versions/{model_version}/ready": {"get": "version_modelReadyV2"},
    "/invocations": {"post": "invocations"},
    "/wfpredict/{workflow_name}": {"post": "workflow_predictions"},
    "/models/{model_name}/invoke": {"post": "invoke"},
    "/{model_name}/predict": {"post": "predict"},
    "/{model_name}/{model_version}/predict": {"post": "version_predict"},
    "/v1/completions": {"post": "createCompletion"},
    "/v1/chat/completions": {"post": "createChatCompletion"},
    "/v1/embeddings": {"post": "createEmbedding"},
    "/v1/models": {"get": "listOpenAiModels"},
    "/v1/models/{model_name}": {"get": "retrieveOpenAiModel"},
}
OPENAI = {path: item for path, item in INFERENCE.items() if path.startswith("/v1/") and ":" not in path}
MANAGEMENT = PROBES | {
    "/": {"options": "apiDescription"},
    "/api-description": {"get": "api-description"},
    "/models": {"get": "listModels", "post": "registerModel"},
    "/workflows": {"get": "listWorkflows", "post": "registerWorkflow"},
    "/workflows/{workflow_name}": {"get": "describeWorkflow", "delete": "unregisterWorkflow"},
    "/models/{model_name}": {
        "get": "describeModel",
        "put": "setAutoScale",
        "delete": "unregisterModel",
        "options": "modelManagementApi",
    },
    "/models/{model_name}/{model_version}": {
        "get": "version_describeModel",
        "put": "version_setAutoScale",
        "delete": "version_unregisterModel",
    },
    "/models/{model_name}/{model_version}/set-default": {"put": "setDefault"},
    "/v1/models/{model_name}": {"get": "modelReady"},
    "/token": {"get": "token"},
}
EITHER = [{"$ref": "#/components/schemas/Error"}, {"$ref": "#/components/schemas/ErrorV2"}]
METRICS = PROBES | {
    "/": {"options": "apiDescription"},
    "/api-description": {"get": "api-description"},
    "/metrics": {"get": "metrics"},
}


def documents():
    """Every kind of document there is, by a name for the test's report."""
    found = {
        "inference": openapi.inference_document("1.2.3"),
        "management": openapi.management_document("1.2.3"),
        "metrics": openapi.metrics_document("1.2.3"),
        "shared": openapi.port_document("1.2.3", inference=True, management=True, metrics=True),
    }
    for name in MODEL_NAMES:
        found[f"model {name}"] = openapi.model_document(name, "1.0")
        found[f"management of {name}"] = openapi.model_management_document(name, "1.2.3")
    return found


def operations(document):
    """The operation id of each method of each path."""
    return {
        path: {method: operation["operationId"] for method, operation in item.items()}
        for path, item in document["paths"].items()
    }


@pytest.mark.parametrize("document", [pytest.param(document, id=name) for name, document in documents().items()])
def test_valid_openapi(document):
    """OpenAPI 3.0's own schema finds no fault, in what a client gets to see: the JSON."""
    received = json.loads(json.dumps(document))
    assert received["openapi"] == "3.0.1"
    assert [error.message for error in OpenAPIV30SpecValidator(received).iter_errors()] == []


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (openapi.inference_document("1.2.3"), INFERENCE),
        (openapi.management_document("1.2.3"), MANAGEMENT),
        (openapi.metrics_document("1.2.3"), METRICS),
    ],
    ids=["inference", "management", "metrics"],
)
def test_every_route_under_its_id(document, expected):
    """Each port's routes are all there, under the ids that clients' method names come from."""
    assert operations(document) == expected
    assert document["info"]["version"] == "1.2.3"


def test_shared_port_has_all():
    """A port that has all three APIs describes all three."""
    shared = openapi.port_document("1", inference=True, management=True, metrics=True)
    assert operations(shared) == INFERENCE | MANAGEMENT | METRICS


def test_errors_have_the_error_body():
    """Every error answer, but for the empty 413, has the body that TorchServe's clients read; on OpenAI's paths, theirs, on V2's
    either.
    """
    shared = openapi.port_document("1", inference=True, management=True, metrics=True)
    health = {"$ref": "#/components/schemas/Health"}
    for path, item in shared["paths"].items():
        for operation in item.values():
            for status, response in operation["responses"].items():
                if status == "default" or int(status) < 400 or (status == "413" and "content" not in response):
                    continue
                if (path, status) == ("/readyz", "503"):  # which is an answer, and in words
                    continue
                schema = response["content"]["application/json"]["schema"]
                if path.startswith("/v2"):
                    ready = {"$ref": "#/components/schemas/ReadyV2"}
                    assert schema == {"oneOf": EITHER} or (schema == ready and path.endswith("/ready"))
                    continue
                if path in OPENAI and operation["operationId"] in OPENAI[path].values():
                    assert schema == {"$ref": "#/components/schemas/OpenAiError"}
                    continue
                assert schema == {"$ref": "#/components/schemas/Error"} or (
                    schema == health and operation["operationId"] == "ping"
                )
    error = shared["components"]["schemas"]["Error"]
    assert error["required"] == ["code", "type", "message"]


def test_tokens_are_optional_and_descriptions_open():
    """The bearer token is named where it may be asked for, which is everywhere but descriptions, probes and metrics."""
    shared = openapi.port_document("1", inference=True, management=True, metrics=True)
    every = [operation for item in shared["paths"].values() for operation in item.values()]
    openly = {operation["operationId"] for operation in every if "security" not in operation}
    probes = {identifier for item in PROBES.values() for identifier in item.values()}
    assert openly == {"apiDescription", "api-description", "metrics", "ping"} | probes


def test_parameters_of_registration():
    """POST /models takes its parameters from the query or from a JSON body; both are described alike."""
    register = openapi.management_document("1")["paths"]["/models"]["post"]
    names = [parameter["name"] for parameter in register["parameters"]]
    assert names == [
        "url",
        "model_name",
        "handler",
        "runtime",
        "batch_size",
        "max_batch_delay",
        "initial_workers",
        "synchronous",
        "response_timeout",
        "startup_timeout",
        "s3_sse_kms",
    ]
    schema = openapi.management_document("1")["components"]["schemas"]["Registration"]
    assert list(schema["properties"]) == names
    assert schema["required"] == ["url"]


def test_version_parameter_of_scaling():
    """PUT /models/{m} takes the version as a parameter; where the path has it, it does not."""
    paths = openapi.management_document("1")["paths"]

    def where(path):
        parameters = paths[path]["put"]["parameters"]
        return [parameter["in"] for parameter in parameters if parameter["name"] == "model_version"]

    assert where("/models/{model_name}") == ["query"]
    assert where("/models/{model_name}/{model_version}") == ["path"]


def test_model_document_names_the_model():
    """A model's description has its own paths, under an operation id that is its name as in TorchServe."""
    document = openapi.model_document("a b/{c}", "2.0")
    assert operations(document) == {
        "/predictions/a%20b%2F%7Bc%7D": {"post": "a b/{c}"},
        "/v1/models/a%20b%2F%7Bc%7D:predict": {"post": "a b/{c}_predictV1"},
        "/v2/models/a%20b%2F%7Bc%7D/infer": {"post": "a b/{c}_inferV2"},
    }
    assert document["info"]["title"] == "RESTful API for: a b/{c}"
    assert document["info"]["version"] == "2.0"


def test_documents_are_not_shared():
    """A caller that changes its document does not change the next one."""
    openapi.metrics_document("1")["components"]["schemas"]["Error"]["required"].clear()
    openapi.management_document("1")["paths"]["/models/{model_name}"]["get"]["parameters"][0]["schema"].clear()
    assert openapi.metrics_document("1")["components"]["schemas"]["Error"]["required"]
    described = openapi.management_document("1")["paths"]["/models/{model_name}"]["get"]["parameters"]
    assert described[0]["schema"] == {"type": "string"}
