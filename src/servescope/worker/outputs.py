"""What a handler returned → the parts of a reply. Called by `session`.

An element that is bytes goes out raw, a str as UTF-8, a torch tensor as `torch.save` writes it, all else as indented JSON
(TorchServe's create_predict_response).
"""

import io
import json
import sys
from collections.abc import Sequence
from typing import Any, cast

from servescope.wire.frames import INLINE_LIMIT, Buffer
from servescope.wire.messages import Part
from servescope.worker.context import Context

INVALID_OUTPUT = "Invalid model predict output"
WRONG_LENGTH = "number of batch response mismatched"
UNSUPPORTED_OUTPUT = "Unsupported model output data type."


class BadOutput(Exception):
    """The handler returned something that cannot be sent; the text is TorchServe's."""


class AnswerTooLarge(Exception):
    """One that the front end would not take, and would end the worker for."""


def check_sizes(parts: Sequence[Part], limit: int) -> None:
    """Raises: AnswerTooLarge where an answer has more than `limit` bytes; 0: any size will do."""
    for part in parts if limit else ():
        size = part.data if isinstance(part.data, int) else len(part.data)
        if size > limit:
            raise AnswerTooLarge(f"an answer of {size} bytes; max_response_size is {limit}")


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


def build_parts(outputs: Any, count: int, context: Context) -> tuple[list[Part], list[Buffer]]:
    """The parts of a reply to `count` requests and the bodies that travel beside it.

    Raises:
        BadOutput: not a list, of the wrong length, or with an element that cannot be sent.
    """
    if not isinstance(outputs, list):
        raise BadOutput(INVALID_OUTPUT)
    if len(outputs) != count:
        raise BadOutput(WRONG_LENGTH)
    parts = []
    attachments: list[Buffer] = []
    for processor, value in zip(context.request_processor, outputs, strict=True):
        data = cast("bytes", encode_output(value))  # msgpack makes no difference between the two
        if len(data) > INLINE_LIMIT:
            attachments.append(data)
            parts.append(Part(processor.status, processor.response_headers, len(data)))
        else:
            parts.append(Part(processor.status, processor.response_headers, data))
    return parts, attachments
