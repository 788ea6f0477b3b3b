"""Requests off the wire → the rows and headers that a handler is given. Called by `session` for each batch.

One row a request, a dict from each field's name to its value: `application/json` is loaded, `text*` decoded, all else a
bytearray; what cannot be decoded stays a bytearray, with a warning (TorchServe's otf_message_handler).
"""

import json
import sys
from collections.abc import Sequence
from typing import Any

from servescope.wire.messages import Field, Request
from servescope.worker.requests.processor import RequestProcessor


class Bodies:
    """The attachments of one frame, taken in order. A lone attachment is handed over as it is, never copied."""

    __slots__ = ("_buffer", "_position")

    def __init__(self, buffer: bytearray) -> None:
        self._buffer = buffer
        self._position = 0

    def take(self, length: int) -> bytearray:
        """The next `length` bytes."""
        start = self._position
        self._position = start + length
        if start == 0 and length == len(self._buffer):
            return self._buffer
        return bytearray(memoryview(self._buffer)[start : self._position])


def decode_value(content_type: str, data: bytes | bytearray) -> Any:
    """A field's value: JSON, text or a bytearray, by its MIME type."""
    if content_type.startswith("text"):
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError as error:
            _warn(content_type, error)
    elif content_type == "application/json":
        try:
            return json.loads(data)
        except (ValueError, RecursionError) as error:
            _warn(content_type, error)
    return data if isinstance(data, bytearray) else bytearray(data)


def _warn(content_type: str, error: Exception) -> None:
    print(f"A {content_type} body is given to the handler undecoded: {error}", file=sys.stderr)


def _value(field: Field, bodies: Bodies, decode: bool) -> Any:
    data = bodies.take(field.data) if isinstance(field.data, int) else field.data
    if decode:
        return decode_value(field.content_type, data)
    return data if isinstance(data, bytearray) else bytearray(data)


def read_requests(
    requests: Sequence[Request], bodies: Bodies, decode: bool
) -> tuple[list[dict[str, Any]], list[RequestProcessor]]:
    """The rows of a batch and a request processor for each."""
    rows = []
    processors = []
    for request in requests:
        extra: dict[str, Any] = {}
        row = {}
        for field in request.fields:
            row[field.name] = _value(field, bodies, decode)
            extra[field.name] = {"content-type": field.content_type}
        extra.update(request.extra)  # last: a field may not pass for a header of the server's
        rows.append(row)
        processors.append(RequestProcessor(request.headers, extra))
    return rows, processors
