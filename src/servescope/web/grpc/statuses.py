"""An error → the status and the words that a gRPC client gets, which are TorchServe's: the message, and the Java class in a line
of its own (contract, section G).

Chosen by `ports` for each service, asked by `call`. The metrics have the code that HTTP would have answered.
"""

from dataclasses import dataclass
from typing import Final

from grpc import StatusCode

from servescope.errors import (
    BadRequest,
    InvalidKey,
    ModelNotFound,
    ModelVersionNotFound,
    ServescopeError,
    ServiceUnavailable,
)
from servescope.metrics.definitions import SEQUENCE_REASONS

_BY_HTTP: Final = {
    400: StatusCode.INVALID_ARGUMENT,
    401: StatusCode.UNAUTHENTICATED,
    403: StatusCode.PERMISSION_DENIED,
    404: StatusCode.NOT_FOUND,
    405: StatusCode.PERMISSION_DENIED,
    408: StatusCode.DEADLINE_EXCEEDED,
    409: StatusCode.ABORTED,
    413: StatusCode.RESOURCE_EXHAUSTED,
    416: StatusCode.OUT_OF_RANGE,
    429: StatusCode.RESOURCE_EXHAUSTED,
    499: StatusCode.CANCELLED,
    501: StatusCode.UNIMPLEMENTED,
    503: StatusCode.UNAVAILABLE,
    504: StatusCode.DEADLINE_EXCEEDED,
    507: StatusCode.RESOURCE_EXHAUSTED,  # also what a worker makes of a handler's 413
}
_BY_CLASS: Final = {4: StatusCode.FAILED_PRECONDITION, 5: StatusCode.INTERNAL}  # of all other codes [GRPCUtils]
_ARCHIVES: Final = "org.pytorch.serve.archive"
_PACKAGES: Final = {
    "DownloadArchiveException": _ARCHIVES,
    "InvalidKeyException": f"{_ARCHIVES}.model",
    "InvalidModelException": f"{_ARCHIVES}.model",
    "ModelException": f"{_ARCHIVES}.model",
    "ModelNotFoundException": f"{_ARCHIVES}.model",
    "ModelVersionNotFoundException": f"{_ARCHIVES}.model",
    "JsonSyntaxException": "com.google.gson",
    "WorkerInitializationException": "org.pytorch.serve.wlm",
}
# Descriptions travel in the trailing metadata. Beyond 8 KiB of these, clients may lose the whole status.
_LONGEST: Final = 6 * 1024
_WIDEST: Final = 3  # %0A: what a byte becomes that is not printable
# For want of a worker or of room; other reasons pass by themselves, and clients may try again on UNAVAILABLE.
_LASTING: Final = ("no_worker", "queue_full", *SEQUENCE_REASONS)


@dataclass(frozen=True)
class Face:
    """How a service's errors look. `lookup`: the status of a model or worker that is not there, None: as of any other error.

    `java`: the description names TorchServe's class.
    """

    lookup: StatusCode | None = None
    java: bool = True

    def status(self, error: ServescopeError, code: int) -> StatusCode:
        """Of an error that HTTP would answer with `code`."""
        if isinstance(error, InvalidKey):
            return StatusCode.PERMISSION_DENIED
        if self.lookup is not None and isinstance(error, ModelNotFound | ModelVersionNotFound):
            return self.lookup
        if self.lookup is not None and isinstance(error, ServiceUnavailable) and error.why in _LASTING:
            return self.lookup
        return _BY_HTTP.get(code) or _BY_CLASS.get(code // 100, StatusCode.UNKNOWN)

    def words(self, error: ServescopeError) -> str:
        """What the status' description says, shortened to what clients take."""
        name, message = error.type_name, _shortened(error.message)
        return f"{message}\n{_PACKAGES.get(name, 'org.pytorch.serve.http')}.{name}" if self.java else message


TORCHSERVE: Final = Face()
# TorchServe's inference services say INTERNAL where a model or a worker is missing.
INFERENCE: Final = Face(lookup=StatusCode.INTERNAL)
PLAIN: Final = Face(java=False)


def _shortened(text: str) -> str:
    """A text of at most _LONGEST bytes as a description is written on the wire, without what UTF-8 has no word for."""
    if len(text) * _WIDEST <= _LONGEST and text.isascii():
        return text
    room = _LONGEST
    kept: list[str] = []
    for one in text:
        data = one.encode("utf-8", "replace")
        room -= sum(1 if 0x20 <= byte <= 0x7E and byte != 0x25 else _WIDEST for byte in data)
        if room < 0:
            return "".join([*kept, "..."])
        kept.append(data.decode())
    return "".join(kept)


class Unreadable(BadRequest):
    """400: a message that is not what the method takes."""
