"""One answer of a handler → a part of a reply, or in its place what is wrong with it. Called by `outputs` for each.

Whatever a part holds is bounded here, so that no reply is too large for its frame and no answer costs its neighbours theirs, or
the worker its life.
"""

import sys
from collections.abc import Mapping
from typing import Any

from servescope.wire.frames import MAX_LENGTH
from servescope.wire.messages import Part
from servescope.worker.handler.context import Context
from servescope.worker.replies.texts import shorten, text_of
from servescope.worker.requests.processor import OK

LIMIT_KEY = "max_response_size"
_FRAME_ROOM = MAX_LENGTH - 256 * 1024 * 1024  # what is left is for the parts' frames, and all else in a reply
_LINE_OVERHEAD = 4  # a header's colon, blank and line end
_SHOWN = 200


class Room:
    """What is left of a reply's frame, in bytes. An attribute and no method: every answer asks."""

    __slots__ = ("left",)

    def __init__(self, left: int = _FRAME_ROOM) -> None:
        self.left = left


class Unfit(Exception):
    """What is wrong with an answer; the text is for its client."""


def answer_of(context: Context, index: int, data: bytes, limit: int, room: Room) -> Part:
    """The part for request `index` of the batch, with the status and headers that the handler set.

    `limit` is the most bytes that its body may have, and as many its headers together; 0: any number.
    """
    processor = context.request_processor[index]
    status, headers, size = processor.status, processor.response_headers, len(data)
    if status == OK and not headers and size <= room.left and (size <= limit or not limit):  # as nearly all are
        room.left -= size
        return Part(OK, headers, data)
    try:
        if limit and size > limit:
            raise Unfit(f"an answer of {size} bytes; {LIMIT_KEY} is {limit}")
        if headers:
            headers, weight = _texts(headers)
            if limit and weight > limit:
                raise Unfit(f"response headers of {weight} bytes; {LIMIT_KEY} is {limit}")
            size += weight
        if status != OK:
            status = _status(status)
        if size > room.left:
            raise Unfit("the answers of its batch come to more than 4 GiB, which no reply can hold")
        room.left -= size
    except Unfit as unfit:
        text = str(unfit)
        print(f"Request {context.get_request_id(index)} gets no answer: {text}", file=sys.stderr, flush=True)
        return Part(500, {}, b"", text)
    return Part(status, headers, data)


def _texts(headers: Mapping[Any, Any]) -> tuple[dict[str, str], int]:
    """The headers as texts that a message can hold, and their bytes on the wire."""
    texts: dict[str, str] = {}
    size = 0
    for given in headers.items():
        name, value = (one if isinstance(one, str) else text_of(one) for one in given)
        try:
            size += len(name.encode()) + len(value.encode()) + _LINE_OVERHEAD
        except UnicodeEncodeError as error:
            raise Unfit(f"Invalid response header {shorten(name, _SHOWN)!r}: {shorten(value, _SHOWN)!r}") from error
        texts[name] = value
    return texts, size


def _status(status: Any) -> int:
    if not isinstance(status, int) or not 200 <= status <= 999:
        raise Unfit(f"Invalid response status {shorten(text_of(status), _SHOWN)}")
    return int(status)
