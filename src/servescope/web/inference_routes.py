"""A path of the inference port → what it asks for. Pure; called by `inference` for each request.

Any method works on every inference route (contract, section A).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache


class Kind(Enum):
    """What a path of the inference port is."""

    ROOT = "root"
    API_DESCRIPTION = "api-description"
    PING = "ping"
    PREDICT = "predict"
    INVOCATIONS = "invocations"
    OPEN_INFERENCE = "open-inference"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Route:
    """`extra`: headers that the server adds for the handler. `query_fields`: query parameters become fields of the row."""

    kind: Kind
    model: str = ""
    version: str | None = None
    extra: Mapping[str, str] = field(default_factory=dict)
    query_fields: bool = False


UNKNOWN = Route(Kind.UNKNOWN)
_EXPLAIN: dict[bool, Mapping[str, str]] = {False: {"explain": "False"}, True: {"explain": "True"}}
_VERBS = {"predict": False, "infer": False, "explain": True}


def parse_path(path: str) -> Route:
    """The route of a decoded path. A slash at the end means nothing."""
    return _kept(path) if len(path) <= _LONGEST_KEPT else _parse(path)


def _parse(path: str) -> Route:
    segments = path.rstrip("/").split("/")[1:]
    match segments:
        case []:
            return Route(Kind.ROOT)
        case ["api-description"]:
            return Route(Kind.API_DESCRIPTION)
        case ["ping", *_]:
            return Route(Kind.PING)
        case ["predictions" | "explanations" as verb, model, *rest]:
            return _predict(model, rest, explain=verb == "explanations")
        case ["invocations"]:
            return Route(Kind.INVOCATIONS, query_fields=True)
        case ["models", model, "invoke"]:
            return Route(Kind.PREDICT, model, query_fields=True)
        case ["v1" | "v2", *_]:
            return _kserve(segments)
        case [model, "predict"]:
            return Route(Kind.PREDICT, model, query_fields=True)
        case [model, version, "predict"]:
            return Route(Kind.PREDICT, model, version, query_fields=True)
    return UNKNOWN


# Long paths are not kept: a client could fill the memory with them.
_LONGEST_KEPT = 256
_kept = lru_cache(maxsize=4096)(_parse)


def _predict(model: str, rest: list[str], *, explain: bool) -> Route:
    version = rest[0] if rest else None
    extra = {**_EXPLAIN[explain], "url_path": "/".join(rest[1:])}
    return Route(Kind.PREDICT, model, version, extra) if model else UNKNOWN


def _kserve(segments: list[str]) -> Route:
    match segments:
        case ["v2"] | ["v2", "health", "live" | "ready"] | ["v2", "models", _, "versions", *_]:
            return Route(Kind.OPEN_INFERENCE)
        case ["v1", "models", name]:
            model, colon, verb = name.rpartition(":")
            if colon and verb in ("predict", "explain"):
                return Route(Kind.PREDICT, model, extra=_EXPLAIN[_VERBS[verb]])
        case ["v2", "models", model, "infer" | "explain" as verb]:
            return Route(Kind.PREDICT, model, extra=_EXPLAIN[_VERBS[verb]])
        case [_, "predict"] | [_, _, "predict"]:  # a legacy path of a model named v1 or v2
            return Route(Kind.PREDICT, segments[0], segments[1] if len(segments) > 2 else None, query_fields=True)
    return UNKNOWN
