"""The paths of KServe's V2 protocol beside inference, as OpenAPI fragments. Called by `inference`; docs/kserve.md.

They are described whether a model speaks the protocol now or not: one that does may be registered at any time.
"""

from servescope.web.openapi.parts import (
    MODEL_NAME,
    MODEL_VERSION,
    Json,
    error_responses,
    json_response,
    operation,
    reference,
)

_MODEL = "/v2/models/{model_name}"
_VERSION = f"{_MODEL}/versions/{{model_version}}"
_SERVED = "Served where a model speaks the V2 protocol, or ts_open_inference_protocol is on."


def kserve_paths() -> Json:
    """Health and metadata, of the server, of models and of their versions."""
    server = {"200": json_response("The server's name, version and extensions", reference("ServerV2"))}
    live = {"200": json_response("The server is live", reference("LiveV2"))}
    paths = {
        "/v2": _get("serverMetadata", "Name the server.", server),
        "/v2/health/live": _get("serverLive", "Ask whether the server is live.", live),
        "/v2/health/ready": _get("serverReady", "Ask whether the server is ready; agrees with /readyz.", _readiness()),
    }
    for path, prefix, parameters in ((_MODEL, "", [MODEL_NAME]), (_VERSION, "version_", [MODEL_NAME, MODEL_VERSION])):
        metadata = {"200": json_response("Versions, inputs and outputs", reference("ModelV2"))}
        paths[path] = _get(f"{prefix}modelMetadataV2", "Describe a model.", metadata, parameters)
        text = "Ask whether a model is ready."
        paths[f"{path}/ready"] = _get(f"{prefix}modelReadyV2", text, _readiness(), parameters)
    return paths


def kserve_errors(*codes: int) -> dict[str, Json]:
    """As `error_responses`; of models that speak the protocol, errors are the protocol's."""
    responses = error_responses(*codes)
    for response in responses.values():
        response["content"]["application/json"]["schema"] = {"oneOf": [reference("Error"), reference("ErrorV2")]}
    return responses


def _get(identifier: str, text: str, answers: dict[str, Json], parameters: list[Json] | None = None) -> Json:
    responses = answers | kserve_errors(400, 404)
    return {"get": operation(identifier, f"{text} {_SERVED}", responses, parameters=parameters)}


def _readiness() -> dict[str, Json]:
    ready = reference("ReadyV2")
    return {"200": json_response("It is ready", ready), "503": json_response("It is not", ready)}


def kserve_schemas() -> dict[str, Json]:
    """What the answers are made of."""
    text, flag = {"type": "string"}, {"type": "boolean"}
    texts = {"type": "array", "items": text}
    shape = {"type": "array", "items": {"type": "integer"}, "description": "-1 where it may be any."}
    tensors = {"type": "array", "items": _object(name=text, datatype=text, shape=shape)}
    server = _object(name=text, version=text)
    server["properties"] |= {"extensions": texts, "extenstion": texts}
    ready = _object(ready=flag)
    ready["properties"]["name"] = text
    return {
        "ErrorV2": _object(error=text),
        "ServerV2": server,
        "LiveV2": _object(live=flag),
        "ReadyV2": ready,
        "ModelV2": _object(name=text, versions=texts, platform=text, inputs=tensors, outputs=tensors),
    }


def _object(**properties: Json) -> Json:
    return {"type": "object", "required": list(properties), "properties": properties}
