"""The paths of probes, which every port has, as OpenAPI fragments. Called by `documents`; what answers is `web.probes`."""

from servescope.web.openapi.parts import Json, error_responses, json_response, operation, query_parameter

_MODEL = query_parameter("model", "string", "Ask for this model alone.")
_TEXT = {"text/plain; charset=utf-8": {"schema": {"type": "string"}}}


def probe_paths() -> Json:
    """`/livez`, `/readyz` and `/readyz/models`, by GET and HEAD."""
    live = {"200": _words("The server runs")}
    verbose = query_parameter("verbose", "string", "Say of each model where it is and why; needs no value.")
    ready = {
        "200": _words("Each model that the start was asked for has come up, and has a worker at work"),
        "503": _words("One has not, or the server is stopping"),
    }
    survey = {"200": json_response("Ready or not, and each model with its workers", {"type": "object"})}
    return {
        "/livez": _both("live", "Ask whether the server runs.", live, []),
        "/readyz": _both(
            "ready", "Ask whether to send requests here.", ready | error_responses(404), [_MODEL, verbose]
        ),
        "/readyz/models": _both(
            "readyModels", "What stands behind /readyz, for programs.", survey | error_responses(404), [_MODEL]
        ),
    }


def _both(identifier: str, text: str, responses: dict[str, Json], parameters: list[Json]) -> Json:
    return {
        method: operation(name, text, responses, parameters=parameters, tokens=False)
        for method, name in (("get", identifier), ("head", f"{identifier}Head"))
    }


def _words(description: str) -> Json:
    return {"description": description, "content": _TEXT}
