"""The management port's paths, as OpenAPI fragments. Called by `documents`; contract, section B."""

from servescope.web.openapi.parts import (
    MODEL_NAME,
    MODEL_VERSION,
    Json,
    error_responses,
    json_response,
    operation,
    query_parameter,
    reference,
    status_response,
)
from servescope.web.openapi.schemas import registration

_IGNORED = "Accepted for the sake of old clients, without effect."


def management_paths() -> Json:
    """Paths of the management port."""
    return {
        "/models": {"get": _list_models(), "post": _register()},
        **model_management_paths(),
        "/v1/models/{model_name}": {"get": _readiness()},
        "/token": {"get": _token()},
    }


def model_management_paths() -> Json:
    """Those of them that are about one model."""
    default: Json = {
        "get": _describe("describeModel", "Describe a model's default version.", [MODEL_NAME]),
        "put": _scale("setAutoScale", "Set how many workers a model's default version has.", [MODEL_NAME]),
        "delete": _unregister("unregisterModel", "Unregister a model that has no other version.", [MODEL_NAME]),
        "options": _management_api(),
    }
    both = [MODEL_NAME, MODEL_VERSION]
    every = "Describe one version of a model, or every version where the version is `all`."
    versioned: Json = {
        "get": _describe("version_describeModel", every, both),
        "put": _scale("version_setAutoScale", "Set how many workers one version of a model has.", both),
        "delete": _unregister("version_unregisterModel", "Unregister one version of a model.", both),
    }
    return {
        "/models/{model_name}": default,
        "/models/{model_name}/{model_version}": versioned,
        "/models/{model_name}/{model_version}/set-default": {"put": _set_default(both)},
    }


def _list_models() -> Json:
    parameters = [
        query_parameter("limit", "integer", "The most models in an answer, up to 100.", default=100),
        query_parameter("next_page_token", "string", "The nextPageToken of the answer before."),
        query_parameter("nextPageToken", "string", "The same, under the name that it has in answers."),
    ]
    responses = {"200": json_response("The models", reference("ModelList"))} | error_responses(400, 500)
    return operation("listModels", "List the models.", responses, parameters=parameters)


def _register() -> Json:
    schema = registration()
    parameters = [
        # Not required here: it may stand in the body.
        query_parameter(name, field["type"], field["description"])
        for name, field in schema["properties"].items()
    ]
    body = {
        "description": "The same parameters as JSON, in place of the query.",
        "content": {"application/json": {"schema": reference("Registration")}},
        "required": False,
    }
    responses = {
        "200": status_response("The model is registered and its workers, if any, are ready"),
        "202": status_response("The model is registered and its workers are being started"),
    }
    return operation(
        "registerModel",
        "Register a model, or a further version of one.",
        responses | error_responses(400, 404, 405, 409, 500, 507),
        parameters=parameters,
        body=body,
    )


def _describe(identifier: str, text: str, parameters: list[Json]) -> Json:
    customized = query_parameter("customized", "boolean", "Ask the handler as well.", default=False)
    versions = {"type": "array", "items": reference("Model")}
    responses = {"200": json_response("The versions asked for", versions)} | error_responses(400, 404, 500, 503)
    return operation(identifier, text, responses, parameters=[*parameters, customized])


def _scale(identifier: str, text: str, parameters: list[Json]) -> Json:
    query = [
        query_parameter("min_worker", "integer", "How many workers to keep.", default=1),
        query_parameter("max_worker", "integer", "How many workers there may be (min_worker)."),
        query_parameter(
            "autoscale",
            "string",
            "Who decides on the count from now on: off, advise or act. Alone it changes no bounds.",
        ),
        query_parameter("synchronous", "boolean", "Whether to answer only once it is done.", default=False),
        query_parameter("number_gpu", "integer", _IGNORED),
        query_parameter("timeout", "integer", _IGNORED),
    ]
    if MODEL_VERSION not in parameters:
        query.append(query_parameter("model_version", "string", "The version, if not the default one."))
    responses = {
        "200": status_response("The workers are as asked"),
        "202": status_response("The workers are being started or stopped"),
        "206": status_response("The workers are still being started or stopped"),
    }
    refusals = error_responses(400, 404, 500, 507)
    return operation(identifier, text, responses | refusals, parameters=[*parameters, *query])


def _unregister(identifier: str, text: str, parameters: list[Json]) -> Json:
    query = [
        query_parameter("synchronous", "boolean", _IGNORED),
        query_parameter("timeout", "integer", _IGNORED),
    ]
    responses = {"200": status_response("The version is gone")} | error_responses(400, 403, 404, 405, 408, 500)
    return operation(identifier, text, responses, parameters=[*parameters, *query])


def _set_default(parameters: list[Json]) -> Json:
    responses = {"200": status_response("The version is the default")} | error_responses(400, 404, 500)
    return operation("setDefault", "Make a version the model's default.", responses, parameters=parameters)


def _management_api() -> Json:
    responses = {"200": json_response("An OpenAPI 3.0.1 document", reference("Description"))}
    refusals = error_responses(400, 404)
    return operation("modelManagementApi", "Describe a model's API.", responses | refusals, parameters=[MODEL_NAME])


def _readiness() -> Json:
    responses = {"200": json_response("The model's state", reference("Readiness"))} | error_responses(400, 404)
    return operation("modelReady", "Ask, as KServe does, whether a model is ready.", responses, parameters=[MODEL_NAME])


def _token() -> Json:
    kind = query_parameter("type", "string", "Which key to replace.", required=True)
    kind["schema"]["enum"] = ["management", "inference"]
    empty = {"application/json": {"schema": {"type": "string"}}}
    responses = {"200": {"description": "The key file holds the new key", "content": empty}} | error_responses(400, 500)
    text = "Replace a key; wants the API key. Exists only while the server has tokens on."
    return operation("token", text, responses, parameters=[kind])
