"""Requests off the wire → the rows and headers that a handler is given. Called by `session` for each batch.

One row a request, a dict from each field's name to its value: `application/json` is loaded, `text*` decoded, all else a
bytearray; what cannot be decoded stays a bytearray, with a warning (TorchServe's otf_message_handler).
"""

import json
import sys
from collections.abc import Sequence
from typing import Any

from servescope.wire.messages import Request
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


NO_BODIES = Bodies(bytearray())


def bodies_of(attachments: bytearray) -> Bodies:
    """See `Bodies`; nearly every frame has none."""
    return Bodies(attachments) if attachments else NO_BODIES


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
    return _undecoded(content_type, data)


def _warn(content_type: str, error: Exception) -> None:
    print(f"A {content_type} body is given to the handler undecoded: {error}", file=sys.stderr)


def _undecoded(_content_type: str, data: bytes | bytearray) -> bytearray:
    return data if isinstance(data, bytearray) else bytearray(data)


def read_requests(
    requests: Sequence[Request], bodies: Bodies, decode: bool
) -> tuple[list[dict[str, Any]], list[RequestProcessor]]:
    """The rows of a batch and a request processor for each."""
    rows = []
    processors = []
    value_of = decode_value if decode else _undecoded
    for request in requests:
        row = {}
        for field in request.fields:
            data = field.data
            row[field.name] = value_of(field.content_type, bodies.take(data) if isinstance(data, int) else data)
        rows.append(row)
        processors.append(RequestProcessor(request.headers, request.extra, request.fields))
    return rows, processors
