"""The inference and the metrics port's paths, as OpenAPI fragments. Called by `documents`; contract, sections A, C."""

from collections.abc import Callable

from msgspec import Struct

from servescope.web.openapi.kserve import kserve_errors, kserve_paths
from servescope.web.openapi.openai import openai_paths
from servescope.web.openapi.parts import (
    MODEL_NAME,
    MODEL_VERSION,
    Json,
    any_body,
    error_responses,
    json_response,
    operation,
    path_parameter,
    query_parameter,
    reference,
)

_INPUT = "The model's input; its format is the model's own affair. Form fields reach the handler one by one."
_OUTPUT = "The model's output; its format is the model's own affair."
_REFUSALS = (400, 404, 408, 500, 503, 507)


class _Entry(Struct, frozen=True):
    """A path that leads to a model's handler."""

    path: str
    identifier: str
    description: str
    deprecated: bool = False


_ENTRIES = (
    _Entry("/predictions/{model_name}", "predictions", "Ask a model's default version."),
    _Entry("/predictions/{model_name}/{model_version}", "version_predictions", "Ask one version of a model."),
    _Entry(
        "/predictions/{model_name}/{model_version}/{url_path}",
        "path_predictions",
        "Ask one version of a model on a path of its own, which may have several segments.",
    ),
    _Entry("/explanations/{model_name}", "explanations", "Have a model's default version explain its answer."),
    _Entry(
        "/explanations/{model_name}/{model_version}",
        "version_explanations",
        "Have one version of a model explain its answer.",
    ),
    _Entry("/v1/models/{model_name}:predict", "predictV1", "Ask a model as KServe's V1 protocol does."),
    _Entry("/v1/models/{model_name}:explain", "explainV1", "Ask for an explanation as KServe's V1 protocol does."),
    _Entry("/v2/models/{model_name}/infer", "inferV2", "Ask a model as KServe's V2 protocol does."),
    _Entry("/v2/models/{model_name}/explain", "explainV2", "Ask for an explanation as KServe's V2 protocol does."),
    _Entry("/v2/models/{model_name}/versions/{model_version}/infer", "version_inferV2", "Ask one version as V2 does."),
    _Entry(
        "/v2/models/{model_name}/versions/{model_version}/explain",
        "version_explainV2",
        "Ask one version for an explanation as V2 does.",
    ),
    _Entry("/models/{model_name}/invoke", "invoke", "Ask a model; query parameters reach the handler as well."),
    _Entry("/{model_name}/predict", "predict", "Ask a model by the oldest path.", deprecated=True),
    _Entry(
        "/{model_name}/{model_version}/predict",
        "version_predict",
        "Ask one version of a model by the oldest path.",
        deprecated=True,
    ),
)
_PARAMETERS = {
    "model_name": MODEL_NAME,
    "model_version": MODEL_VERSION,
    "url_path": path_parameter("url_path", "What the handler finds in the header url_path."),
}
_DESCRIBED = {"/predictions/{model_name}": "modelApi", "/predictions/{model_name}/{model_version}": "version_modelApi"}


def inference_paths() -> Json:
    """Paths of the inference port."""
    paths: Json = {"/ping": {"get": _ping()}, "/invocations": {"post": _invocations()}}
    for entry in _ENTRIES:
        paths[entry.path] = {"post": _predict(entry)}
        if identifier := _DESCRIBED.get(entry.path):
            paths[entry.path]["options"] = _model_api(identifier, _path_parameters(entry.path))
    return paths | openai_paths() | kserve_paths()


def metrics_paths() -> Json:
    """`/metrics`."""
    names = query_parameter("name[]", "array", "Only the samples of these names; may be repeated.")
    names["schema"] = {"type": "array", "items": {"type": "string"}}
    text = {"text/plain; version=0.0.4; charset=utf-8": {"schema": {"type": "string"}}}
    responses = {"200": {"description": "Every metric, in Prometheus' text format", "content": text}}
    scrape = operation(
        "metrics",
        "Read the metrics of the server, its models and its machine.",
        responses | error_responses(500),
        parameters=[names],
        tokens=False,
    )
    return {"/metrics": {"get": scrape}}


def model_paths(model_name: str, segment: str) -> Json:
    """The predict paths of one model, `segment` being its name as it stands in a URL."""
    text = f"Ask the model {model_name}."
    paths = {
        f"/predictions/{segment}": model_name,
        f"/v1/models/{segment}:predict": f"{model_name}_predictV1",
        f"/v2/models/{segment}/infer": f"{model_name}_inferV2",
    }
    return {path: {"post": _predict(_Entry(path, identifier, text))} for path, identifier in paths.items()}


def _predict(entry: _Entry) -> Json:
    return operation(
        entry.identifier,
        entry.description,
        _answers(kserve_errors if entry.path.startswith("/v2/") else error_responses),
        parameters=_path_parameters(entry.path),
        body={**any_body(_INPUT), "required": True},
        deprecated=entry.deprecated,
    )


def _invocations() -> Json:
    name = query_parameter("model_name", "string", "The model; not needed where one alone was loaded at the start.")
    text = "Ask a model as Amazon SageMaker does; query parameters reach the handler as well."
    body = {**any_body(_INPUT), "required": True}
    return operation("invocations", text, _answers(error_responses), parameters=[name], body=body)


def _answers(errors: Callable[..., dict[str, Json]]) -> dict[str, Json]:
    too_large = {"413": {"description": "The body is larger than max_request_size"}}
    other = {"default": any_body("Any other status is the handler's own, with its output")}
    return {"200": any_body(_OUTPUT)} | errors(*_REFUSALS) | too_large | other


def _path_parameters(path: str) -> list[Json]:
    return [parameter for name, parameter in _PARAMETERS.items() if f"{{{name}}}" in path]


def _ping() -> Json:
    responses = {
        "200": json_response(
            "Every model has the workers that it should have, or they are on their way", reference("Health")
        ),
        "500": json_response("A model has fewer workers than it should have", reference("Health")),
    }
    text = "Ask whether the server is well, as TorchServe has it; /readyz says whether models can be asked."
    return operation("ping", text, responses, tokens=False)


def _model_api(identifier: str, parameters: list[Json]) -> Json:
    responses = {"200": json_response("An OpenAPI 3.0.1 document", reference("Description"))}
    refusals = error_responses(400, 404)
    return operation(identifier, "Describe a model's API.", responses | refusals, parameters=parameters)
