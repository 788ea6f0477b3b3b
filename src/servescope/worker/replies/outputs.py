"""What a handler returned → the parts of a reply. Called by the sessions, for whole answers and for streamed pieces.

An element that is bytes goes out raw, a str as UTF-8, a torch tensor as `torch.save` writes it, all else as indented JSON
(TorchServe's create_predict_response). An answer that no client can be given fails alone (`worker.replies.answer`).
"""

import io
import json
import sys
from typing import Any, cast

from servescope.wire.frames import INLINE_LIMIT, Buffer
from servescope.wire.messages import Part
from servescope.worker.handler.context import Context
from servescope.worker.replies.answer import Room, answer_of

INVALID_OUTPUT = "Invalid model predict output"
WRONG_LENGTH = "number of batch response mismatched"
UNSUPPORTED_OUTPUT = "Unsupported model output data type."


class BadOutput(Exception):
    """The handler returned something that cannot be sent; the text is TorchServe's."""


def encode_output(value: Any) -> bytes | bytearray:
    """The bytes of one element.

    Raises:
        BadOutput: JSON cannot say it.
    """
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    if isinstance(value, (bytes, bytearray)):
        return value
    # A tensor exists only where torch is loaded already; nobody else pays for the import.
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.Tensor):
        buffer = io.BytesIO()
        torch.save(value, buffer)
        return buffer.getvalue()
    try:
        return json.dumps(value, indent=2).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise BadOutput(UNSUPPORTED_OUTPUT) from error


def build_parts(outputs: Any, count: int, context: Context, limit: int) -> tuple[list[Part], list[Buffer]]:
    """The parts of a reply to `count` requests and the bodies that travel beside it. `limit`: bytes of an answer at most.

    Raises:
        BadOutput: not a list, of the wrong length, or with an element that cannot be sent.
    """
    if not isinstance(outputs, list):
        raise BadOutput(INVALID_OUTPUT)
    if len(outputs) != count:
        raise BadOutput(WRONG_LENGTH)
    parts = []
    attachments: list[Buffer] = []
    room = Room()
    for index, value in enumerate(outputs):
        data = cast("bytes", encode_output(value))  # msgpack makes no difference between the two
        part = answer_of(context, index, data, limit, room)
        if not part.error and len(data) > INLINE_LIMIT:
            attachments.append(data)
            part.data = len(data)
        parts.append(part)
    return parts, attachments


def build_pieces(outputs: Any, count: int, context: Context, limit: int) -> tuple[list[Part], list[Buffer]]:
    """As `build_parts`, for pieces of answers that go on."""
    parts, attachments = build_parts(outputs, count, context, limit)
    for part in parts:
        part.headers = {**part.headers, "ts_stream_next": "true"}  # reaches the client, as TorchServe's does
    return parts, attachments
