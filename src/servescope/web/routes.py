"""What a path of the inference port asks for. Made by `inference.routes`, read by the APIs of `inference` and `openai`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum


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
    """`template`: the path as the metrics show it, with names in braces for what clients choose.

    `extra`: headers that the server adds for the handler. `query_fields`: query parameters become fields of the row. `asks`:
    what for, as the metrics have it: predict, explain or openai. `raw`: the handler gets the body's bytes, whatever their type.
    """

    kind: Kind
    template: str
    model: str = ""
    version: str | None = None
    extra: Mapping[str, str] = field(default_factory=dict)
    query_fields: bool = False
    asks: str = "predict"
    raw: bool = False


UNKNOWN = Route(Kind.UNKNOWN, "other")
