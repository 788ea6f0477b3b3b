"""OpenAI's paths of the inference port, as OpenAPI fragments. Called by `inference`.

What a model takes and answers is the engine's affair; only what this server reads and writes itself is described in full.
"""

from servescope.web.openapi.parts import Json, json_response, operation, path_parameter, reference

_ERRORS = {
    400: "The body is no JSON, names no model that can answer, or makes no sense to the model",
    401: "The token is missing, wrong or expired",
    404: "There is no such model, or it does not answer here",
    405: "The path has another method",
    408: "The time allowed passed before there was an answer",
    413: "The body is larger than max_request_size",
    415: "The body is a form",
    500: "The server or a worker failed",
    503: "No worker can take the request",
    507: "The worker ran out of memory",
}
_POSTS = {
    "/v1/completions": ("createCompletion", "Have a language model complete a prompt."),
    "/v1/chat/completions": ("createChatCompletion", "Have a language model answer in a chat."),
    "/v1/embeddings": ("createEmbedding", "Have a model that can do so turn texts into vectors."),
}


def openai_paths() -> Json:
    """All of them."""
    paths: Json = {path: {"post": _ask(*described)} for path, described in _POSTS.items()}
    listed = {"type": "object", "properties": {"object": {"type": "string"}, "data": _array(reference("OpenAiModel"))}}
    every = json_response("The language models, by each name that they answer to", listed)
    text = "List the language models."
    paths["/v1/models"] = {"get": operation("listOpenAiModels", text, {"200": every} | _errors(401, 405))}
    readiness = reference("Readiness")
    card = {"anyOf": [{"allOf": [reference("OpenAiModel"), readiness]}, readiness]}
    one = json_response("Whether it can be asked now; a language model's card with it", card)
    paths["/v1/models/{model_name}"] = {
        "get": operation(
            "retrieveOpenAiModel",
            "Ask, as KServe does, whether a model is ready, and describe it if it is a language model.",
            {"200": one} | _errors(401, 404),
            parameters=[path_parameter("model_name", "The model, or a name that a language model answers to.")],
        )
    }
    return paths


def openai_schemas() -> dict[str, Json]:
    """The schemas that these paths refer to."""
    said = {
        "message": {"type": "string", "description": "What went wrong."},
        "type": {"type": "string", "description": "The kind of error, NotFoundError for one."},
        "param": {"type": "string", "nullable": True, "description": "The field of the body that is to blame."},
        "code": {"type": "integer", "description": "The HTTP status."},
    }
    card = {
        "id": {"type": "string", "description": "The name to ask it by."},
        "object": {"type": "string", "enum": ["model"]},
        "created": {"type": "integer", "description": "When it was registered, in seconds since 1970."},
        "owned_by": {"type": "string"},
        "root": {"type": "string", "description": "Where its weights are from."},
        "parent": {"type": "string", "nullable": True, "description": "The model that an adapter changes."},
        "max_model_len": {
            "type": "integer",
            "nullable": True,
            "description": "The most tokens of prompt and answer together.",
        },
    }
    return {"OpenAiError": _object({"error": _object(said)}), "OpenAiModel": _object(card)}


def _ask(identifier: str, text: str) -> Json:
    model = {"type": "string", "description": "The model; not needed where there is but one language model."}
    asked = {"type": "object", "properties": {"model": model}, "additionalProperties": True}
    body = {
        "description": "As OpenAI's API has it; the engine's documentation tells which fields it knows.",
        "content": {"application/json": {"schema": asked}},
        "required": True,
    }
    answer = {
        "description": "As OpenAI's API has it: an object, or with `stream` a stream of events",
        "content": {
            "application/json": {"schema": {"type": "object"}},
            "text/event-stream": {"schema": {"type": "string"}},
        },
    }
    return operation(identifier, text, {"200": answer} | _errors(*_ERRORS), body=body)


def _errors(*codes: int) -> dict[str, Json]:
    return {str(code): json_response(_ERRORS[code], reference("OpenAiError")) for code in codes}


def _array(items: Json) -> Json:
    return {"type": "array", "items": items}


def _object(properties: Json) -> Json:
    return {"type": "object", "required": list(properties), "properties": properties}
