"""A path of the inference port → what it asks for. Pure; called by `inference` for each request.

Any method works on every inference route (contract, section A).
"""

from collections.abc import Mapping
from functools import lru_cache

from servescope.web.routes import UNKNOWN, Call, Kind, Route

_EXPLAIN: dict[bool, Mapping[str, str]] = {False: {"explain": "False"}, True: {"explain": "True"}}
_ASKS = {False: "predict", True: "explain"}
_VERBS = {"predict": False, "infer": False, "explain": True}


def parse_path(path: str) -> Route:
    """The route of a decoded path. A slash at the end means nothing."""
    return _kept(path) if len(path) <= _LONGEST_KEPT else _parse(path)


def _parse(path: str) -> Route:
    segments = path.rstrip("/").split("/")[1:]
    match segments:
        case []:
            return Route(Kind.ROOT, "/")
        case ["api-description"]:
            return Route(Kind.API_DESCRIPTION, "/api-description")
        case ["ping", *_]:
            return Route(Kind.PING, "/ping")
        case ["predictions" | "explanations" | "wfpredict" as verb, name, *rest]:
            return _predict(verb, name, rest)
        case ["invocations"]:
            return Route(Kind.INVOCATIONS, "/invocations", query_fields=True)
        case ["models", model, "invoke"]:
            return Route(Kind.PREDICT, "/models/{model_name}/invoke", model, query_fields=True)
        case ["v1" | "v2", *_]:
            return _kserve(segments)
        case [model, "predict"]:
            return Route(Kind.PREDICT, "/{model_name}/predict", model, query_fields=True)
        case [model, version, "predict"]:
            return Route(Kind.PREDICT, "/{model_name}/{version}/predict", model, version, query_fields=True)
    return UNKNOWN


# Long paths are not kept: a client could fill the memory with them.
_LONGEST_KEPT = 256
_kept = lru_cache(maxsize=4096)(_parse)


def _predict(verb: str, model: str, rest: list[str]) -> Route:
    if not model:
        return UNKNOWN
    if verb == "wfpredict":  # what stands behind the name means nothing, as in TorchServe
        return Route(Kind.WORKFLOW, "/wfpredict/{workflow_name}", model)
    template = f"/{verb}/{{model_name}}" + "".join(("/{version}", "/{url_path}")[: len(rest)])
    explains = verb == "explanations"
    extra = {**_EXPLAIN[explains], "url_path": "/".join(rest[1:])}
    version = rest[0] if rest else None
    return Route(Kind.PREDICT, template, model, version, extra, asks=_ASKS[explains])


def _asked(template: str, model: str, verb: str) -> Route:
    explains = _VERBS[verb]
    return Route(Kind.PREDICT, template, model, extra=_EXPLAIN[explains], asks=_ASKS[explains])


def _kserve(segments: list[str]) -> Route:
    match segments:
        case [model, "predict"]:  # a legacy path of a model named v1 or v2
            return Route(Kind.PREDICT, "/{model_name}/predict", model, query_fields=True)
        case [model, version, "predict"]:
            return Route(Kind.PREDICT, "/{model_name}/{version}/predict", model, version, query_fields=True)
        case ["v1", "models", name]:
            model, colon, verb = name.rpartition(":")
            if colon and verb in ("predict", "explain"):
                return _asked(f"/v1/models/{{model_name}}:{verb}", model, verb)
        case ["v2"]:
            return Route(Kind.V2, "/v2")
        case ["v2", "health", "live" | "ready" as word]:
            return Route(Kind.V2, f"/v2/health/{word}", call=Call(word))
        case ["v2", "models", model, *rest] if model:
            return _v2(model, rest)
    return UNKNOWN


def _v2(model: str, rest: list[str]) -> Route:
    template, version = "/v2/models/{model_name}", None
    asked = rest
    if len(rest) > 1 and rest[0] == "versions" and rest[1]:
        template, version, asked = f"{template}/versions/{{version}}", rest[1], rest[2:]
    match asked:
        case []:
            return Route(Kind.V2, template, model, version)
        case ["ready"]:
            return Route(Kind.V2, f"{template}/ready", model, version, call=Call.READY)
        case ["infer" | "explain" as verb]:
            explains = _VERBS[verb]
            extra, asks = _EXPLAIN[explains], _ASKS[explains]
            return Route(Kind.V2, f"{template}/{verb}", model, version, extra, asks=asks, call=Call.INFER)
    if version is None and rest[0] != "versions":
        return UNKNOWN
    return Route(Kind.V2, "/v2/models/{model_name}/versions", model, version, call=Call.OTHER)
