"""Frames: how a message and its large bodies lie on a socket.

A frame is two little-endian 32-bit lengths (message, attachments), the message in msgpack, then the attachments end to end.
Bodies over `INLINE_LIMIT` are attachments, so that neither end copies them into or out of msgpack. `FrameWriter` gathers many
messages in a frame, as one array of them.
"""

import struct
from collections.abc import Iterator, Sequence
from typing import Generic, TypeVar

import msgspec

INLINE_LIMIT = 64 * 1024
HEADER = struct.Struct("<II")
HEADER_SIZE = HEADER.size
MAX_LENGTH = 2**32 - 1
MOST_BYTES = HEADER_SIZE + 2 * MAX_LENGTH  # of a frame, by what its header can say
_ARRAY = struct.Struct(">BI")  # msgpack's array of so many
_ARRAY_32 = 0xDD
_ARRAY_STARTS = HEADER_SIZE + _ARRAY.size
_GATHERED = 64 * 1024  # bytes, after which another frame begins, so that a reader has something to do

Buffer = bytes | bytearray | memoryview
Message = TypeVar("Message")

_encoder = msgspec.msgpack.Encoder()
_encode = _encoder.encode


class FrameTooLarge(Exception):
    """A frame announces more bytes than its reader is willing to take, or more than a length can say."""


def encode(message: msgspec.Struct, attachments: Sequence[Buffer] = ()) -> bytearray:
    """The frame of `message` up to, and without, its attachments, which the caller sends after it.

    Raises:
        FrameTooLarge: the message, or the attachments, come to 4 GiB or more.
    """
    frame = bytearray(HEADER_SIZE)
    _encoder.encode_into(message, frame, HEADER_SIZE)
    length = len(frame) - HEADER_SIZE
    size = sum(map(len, attachments)) if attachments else 0
    try:
        HEADER.pack_into(frame, 0, length, size)
    except struct.error as error:
        text = f"a message of {length} bytes with {size} of attachments; at most {MAX_LENGTH} of each fit"
        raise FrameTooLarge(text) from error
    return frame


class FrameWriter:
    """Gathers messages in frames, as few as may be: a header and a call each is more than a small message costs by itself."""

    __slots__ = ("_count", "_frame", "_written")

    def __init__(self) -> None:
        self._written: list[Buffer] = []
        self._frame = bytearray(_ARRAY_STARTS)
        self._count = 0  # of messages in the frame

    def add(self, message: msgspec.Struct, attachments: Sequence[Buffer] = ()) -> int:
        """How many there are now in the last frame, which this may have ended.

        Raises:
            FrameTooLarge: the attachments come to 4 GiB or more.
            UnicodeEncodeError: a text of the message has a lone surrogate. Neither way is anything added.
        """
        size = 0
        if attachments and (size := sum(map(len, attachments))) > MAX_LENGTH:
            raise FrameTooLarge(f"{size} bytes of attachments; at most {MAX_LENGTH} fit")
        self._frame += _encode(message)  # not into it: what cannot be encoded would leave its beginning
        self._count = count = self._count + 1
        if size or len(self._frame) > _GATHERED:
            self._end(size)
            self._written += attachments
        return count

    def take(self) -> list[Buffer]:
        """What there is to write, attachments too."""
        if self._count:
            self._end(0)
        written, self._written = self._written, []
        return written

    def _end(self, size: int) -> None:
        frame, count = self._frame, self._count
        HEADER.pack_into(frame, 0, len(frame) - HEADER_SIZE, size)
        _ARRAY.pack_into(frame, HEADER_SIZE, _ARRAY_32, count)
        self._written.append(frame)
        self._frame, self._count = bytearray(_ARRAY_STARTS), 0


class Attachments:
    """The attachments of one frame, taken in the order in which the message names their lengths."""

    __slots__ = ("_position", "_view")

    def __init__(self, view: memoryview) -> None:
        self._view = view
        self._position = 0

    def take(self, length: int) -> memoryview:
        """The next `length` bytes, uncopied."""
        start = self._position
        self._position = start + length
        return self._view[start : self._position]


NO_ATTACHMENTS = Attachments(memoryview(b""))


class FrameReader(Generic[Message]):
    """Turns bytes as they arrive into messages. `limit`: the largest frame taken, in bytes (0: any)."""

    def __init__(self, decoder: "msgspec.msgpack.Decoder[Message]", limit: int = 0) -> None:
        self._decode = decoder.decode
        self._limit = limit
        self._held = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[Message, Attachments]]:
        """Yield every message that `data` completes.

        Raises:
            FrameTooLarge: a frame over `limit` begins in `data`.
            msgspec.DecodeError: the peer speaks another language.
        """
        held, self._held = self._held, bytearray()
        if held:
            held += data
        source: bytes | bytearray = held or data
        size, limit, decode = len(source), self._limit or MOST_BYTES, self._decode
        position = 0
        while (start := position + HEADER_SIZE) <= size:
            length, beside = HEADER.unpack_from(source, position)
            end = start + length
            over = end + beside
            if over - position > limit:
                raise FrameTooLarge(f"a frame of {over - position} bytes; the limit is {limit}")
            if over > size:
                break
            position = over
            if beside:
                view = memoryview(source)
                yield decode(view[start:end]), Attachments(view[end:over])
            else:
                yield decode(source[start:end]), NO_ATTACHMENTS
        if not position:
            self._held = held or bytearray(data)  # not copied again for each piece of a large frame
        elif position < size:
            self._held = bytearray(memoryview(source)[position:])
