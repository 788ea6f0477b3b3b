"""What a path of the inference port asks for. Made by `inference.routes`, read by the APIs of `inference`, `kserve` and
`openai`.
"""

from collections.abc import Mapping
from enum import Enum

from msgspec import Struct, field


class Kind(Enum):
    """What a path of the inference port is."""

    ROOT = "root"
    API_DESCRIPTION = "api-description"
    PING = "ping"
    PREDICT = "predict"
    WORKFLOW = "workflow"
    INVOCATIONS = "invocations"
    V2 = "v2"
    UNKNOWN = "unknown"


PREDICT = (
    Kind.PREDICT
)  # by itself, as each request asks for it: through its class it takes three times as long in Python 3.11


class Call(Enum):
    """What a V2 path asks for, of the server or of the model that it names. OTHER: something of a version that nobody has."""

    METADATA = "metadata"
    LIVE = "live"
    READY = "ready"
    INFER = "infer"
    OTHER = "other"


class Route(Struct, frozen=True):
    """`template`: the path as the metrics show it, with names in braces for what clients choose.

    `model`: its name, or a workflow's. `extra`: headers that the server adds for the handler. `query_fields`: query parameters
    become fields of the row. `asks`: what for, as the metrics have it: predict, explain or openai. `raw`: the handler gets the
    body's bytes, whatever their type. `call`: of a V2 path.
    """

    kind: Kind
    template: str
    model: str = ""
    version: str | None = None
    extra: Mapping[str, str] = field(default_factory=dict)
    query_fields: bool = False
    asks: str = "predict"
    raw: bool = False
    call: Call = Call.METADATA


UNKNOWN = Route(Kind.UNKNOWN, "other")
