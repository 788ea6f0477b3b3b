"""The pieces that descriptions are made of: parameters, bodies, responses, operations. Words in, OpenAPI fragments out.

Used by the path modules beside it and by nothing else.
"""

from typing import Any

# A JSON object; what OpenAPI allows in it is checked by the tests against OpenAPI's own schema.
Json = dict[str, Any]

ERRORS = {
    400: "A parameter is missing or makes no sense, or the token is missing, wrong or expired",
    403: "The version exists but may not be touched so",
    404: "There is no such model, version, workflow or archive",
    405: "The model API is switched off",
    408: "The time allowed passed before there was an answer",
    409: "This version of the model, or a workflow of this name, is registered already",
    500: "The server or a worker failed",
    503: "No worker can take the request, or the model's handler raised an exception",
    507: "The worker ran out of memory",
}


def reference(name: str) -> Json:
    """A pointer to the schema called `name`."""
    return {"$ref": f"#/components/schemas/{name}"}


def path_parameter(name: str, description: str) -> Json:
    """A required part of the path."""
    return {"in": "path", "name": name, "description": description, "required": True, "schema": {"type": "string"}}


MODEL_NAME = path_parameter("model_name", "The model.")
MODEL_VERSION = path_parameter("model_version", "Its version.")


def query_parameter(name: str, kind: str, description: str, *, default: object = None, required: bool = False) -> Json:
    """A query parameter of the JSON type `kind`; a `default` of None says nothing about the default."""
    schema: Json = {"type": kind}
    if default is not None:
        schema["default"] = default
    return {"in": "query", "name": name, "description": description, "required": required, "schema": schema}


def json_response(description: str, schema: Json) -> Json:
    """A response with a JSON body."""
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def status_response(description: str) -> Json:
    """The `{"status": text}` of a management call that went well."""
    return json_response(description, reference("Status"))


def error_responses(*codes: int) -> dict[str, Json]:
    """Responses with the error body; 503 comes with a hint when to try again."""
    responses = {str(code): json_response(ERRORS[code], reference("Error")) for code in codes}
    if "503" in responses:
        responses["503"]["headers"] = {
            "Retry-After": {
                "description": "Seconds to wait before another attempt; sent where waiting may help",
                "schema": {"type": "integer"},
            }
        }
    return responses


def any_body(description: str) -> Json:
    """A request body or response content whose format is the model's own affair."""
    return {"description": description, "content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}}


def operation(
    identifier: str,
    description: str,
    responses: dict[str, Json],
    *,
    parameters: list[Json] | None = None,
    body: Json | None = None,
    tokens: bool = True,
    deprecated: bool = False,
) -> Json:
    """One method of one path. `tokens`: an Authorization header is looked at, where the server has tokens on."""
    fragment: Json = {"operationId": identifier, "description": description, "parameters": parameters or []}
    if body is not None:
        fragment["requestBody"] = body
    fragment["responses"] = responses
    if tokens:
        fragment["security"] = [{"token": []}, {}]
    if deprecated:
        fragment["deprecated"] = True
    return fragment


def description_paths() -> Json:
    """`OPTIONS /` and `/api-description`, which every port answers."""
    answer = {"200": json_response("An OpenAPI 3.0.1 document", reference("Description")), **error_responses(500)}
    text = "Describe this port's API."
    return {
        "/": {"options": operation("apiDescription", text, answer, tokens=False)},
        "/api-description": {"get": operation("api-description", text, answer, tokens=False, deprecated=True)},
    }
