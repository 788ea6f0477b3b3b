"""Protobuf's wire format, as far as an exposition needs it: varints, strings, doubles and nested messages.

In: numbers, texts, bodies of messages. Out: their bytes. Called by `protobuf` and `histogram_message`. Written by hand,
since the public package would be a dependency of every server and takes a multiple of the time
(https://protobuf.dev/programming-guides/encoding).
"""

import struct

double = struct.Struct("<d").pack
_BITS = (1 << 64) - 1


def _varint(number: int) -> bytes:
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


_SMALL = tuple(_varint(number) for number in range(2048))


def varint(number: int) -> bytes:
    """A number ≥ 0: seven bits a byte, the lowest first. Only the lower 64 bits count."""
    return _SMALL[number] if 0 <= number < 2048 else _varint(number & _BITS)


def zigzag(number: int) -> bytes:
    """A signed number (sint32, sint64): small absolute values take few bytes."""
    return varint(number * 2 if number >= 0 else number * -2 - 1)


def message(tag: bytes, body: bytes) -> bytes:
    """A field of a nested message, or of bytes."""
    return tag + varint(len(body)) + body


def text(tag: bytes, value: str) -> bytes:
    """A field of a string; what UTF-8 cannot say becomes `?`."""
    return message(tag, value.encode("utf-8", "replace"))
