"""What a handler returned → the parts of a reply. Called by the sessions, for whole answers and for streamed pieces.

An element that is bytes goes out raw, a str as UTF-8, a torch tensor as `torch.save` writes it, all else as indented JSON
(TorchServe's create_predict_response), where numpy's arrays and scalars are lists and numbers. An answer that no client can be
given fails alone (`worker.replies.answer`).
"""

import io
import sys
from typing import Any, cast

from servescope.wire.frames import INLINE_LIMIT, Buffer
from servescope.wire.messages import Part, Writing
from servescope.worker.handler.context import Context
from servescope.worker.replies.answer import Room, answer_of
from servescope.worker.replies.json_text import AS_BEFORE, JsonText, NoJson, json_bytes
from servescope.worker.replies.refusal import Refusal
from servescope.worker.requests.processor import CONTENT_TYPE, RequestProcessor

INVALID_OUTPUT = "Invalid model predict output"
WRONG_LENGTH = "number of batch response mismatched"
UNSUPPORTED_OUTPUT = "Unsupported model output data type."


class BadOutput(Exception):
    """The handler returned something that cannot be sent; the text is TorchServe's."""


def encode_output(value: Any, writing: Writing = AS_BEFORE) -> bytes | bytearray:
    """The bytes of one element.

    Raises:
        BadOutput: JSON cannot say it.
        NoJson: it has NaN, and is to have none.
    """
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    if isinstance(value, (bytes, bytearray)):
        return value if type(value) in (bytes, bytearray) else bytes(value)  # numpy.bytes_ cannot be sent as it is
    if _is_tensor(value):
        torch = sys.modules["torch"]
        buffer = io.BytesIO()
        torch.save(value, buffer)
        return buffer.getvalue()
    try:
        return json_bytes(value, writing)
    except (TypeError, ValueError, RecursionError) as error:
        raise BadOutput(UNSUPPORTED_OUTPUT) from error


def _is_tensor(value: Any) -> bool:
    """A tensor exists only where torch is loaded already; nobody else pays for the import."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def is_json(value: Any) -> bool:
    """Whether an element leaves as JSON that was written here."""
    if isinstance(value, (str, bytes, bytearray)):
        return isinstance(value, JsonText)
    return not _is_tensor(value)


def checked_outputs(outputs: Any, count: int) -> list[Any]:
    """What a handler returned for so many requests, as a list.

    Raises:
        BadOutput: it is no list, nor an array, or of another length.
    """
    if not isinstance(outputs, list):
        outputs = _as_list(outputs)
    if len(outputs) != count:
        raise BadOutput(WRONG_LENGTH)
    return cast("list[Any]", outputs)


def build_parts(
    outputs: Any, count: int, context: Context, limit: int, writing: Writing = AS_BEFORE
) -> tuple[list[Part], list[Buffer]]:
    """The parts of a reply to `count` requests and the bodies that travel beside it. `limit`: bytes of an answer at most.

    Raises:
        BadOutput: not a list, of the wrong length, or with an element that cannot be sent.
    """
    if type(outputs) is not list or len(outputs) != count:
        outputs = checked_outputs(outputs, count)
    parts = []
    attachments: list[Buffer] = []
    room = Room()
    for index, value in enumerate(outputs):
        if type(value) is Refusal:
            parts.append(Part(value.status, {}, b"", value.text, value.mistake, value.raised))
            continue
        try:
            data: Any = encode_output(value, writing)  # msgpack makes no difference between bytes and bytearray
        except NoJson as error:
            parts.append(Part(500, {}, b"", str(error)))
            continue
        if writing.typed and is_json(value):
            say_json(context.request_processor[index])
        part = answer_of(context, index, data, limit, room)
        if len(data) > INLINE_LIMIT and not part.error:
            attachments.append(data)
            part.data = len(data)
        parts.append(part)
    return parts, attachments


def _as_list(outputs: Any) -> list[Any]:
    """An array of numpy's as the list of its rows. Raises: BadOutput for anything else."""
    numpy = sys.modules.get("numpy")
    if numpy is None or not isinstance(outputs, numpy.ndarray) or not outputs.ndim:
        raise BadOutput(INVALID_OUTPUT)
    return list(outputs)


def say_json(processor: RequestProcessor) -> None:
    """The type of an answer that has none."""
    if not any(name.lower() == CONTENT_TYPE for name in processor.response_headers):
        processor.add_response_property(CONTENT_TYPE, "application/json")


def build_pieces(
    outputs: Any, count: int, context: Context, limit: int, writing: Writing = AS_BEFORE
) -> tuple[list[Part], list[Buffer]]:
    """As `build_parts`, for pieces of answers that go on, which are no JSON until they are whole."""
    parts, attachments = build_parts(outputs, count, context, limit, Writing(writing.json_nan))
    for part in parts:
        part.headers = {**part.headers, "ts_stream_next": "true"}  # reaches the client, as TorchServe's does
    return parts, attachments
