"""A large multipart body, taken apart where it lies: its large parts stay there, and only the rest is read.

In: a body of `wire.spooled` and its boundary. Out: `Skeleton`, for `multipart`, whose parser decides as with any other body: it is
given the same bytes, but that each large part's content is a mark.
"""

import re
import secrets
from itertools import chain

from msgspec import Struct

from servescope.wire.frames import INLINE_LIMIT
from servescope.wire.spooled.body import Spooled

_HEAD_LIMIT = 256 * 1024  # of a part's headers, bytes: more than any parser takes
# A part whose field is something else than its bytes; clients say of many that it is not.
_ENCODED = re.compile(rb"content-transfer-encoding(?!: *(?:binary|8bit|7bit)\r)", re.IGNORECASE)


class Skeleton(Struct):
    """`body`: what is left. `parts`: what stands for which part."""

    body: bytes
    parts: dict[bytes, Spooled]


def skeleton_of(body: Spooled, boundary: bytes) -> Skeleton:
    """All of the body, without parts, where it is not as nearly all are: then the parser has to see all that there is."""
    opening = b"--" + boundary
    delimiter = b"\r\n" + opening
    found: list[bytes] = []
    parts: dict[bytes, Spooled] = {}
    starts = chain([0], (at + 2 for at in body.occurrences(delimiter)), [len(body) + 2])
    start = next(starts)
    for following in starts:
        region = body.part(start, following - 2 - start)  # from its opening to before the line that the next one begins
        head = region.read(0, len(opening) + _HEAD_LIMIT)
        after = head[len(opening) : len(opening) + 2]
        if not head.startswith(opening) or after not in (b"\r\n", b"--"):
            return _whole(body)
        if after == b"--":
            return Skeleton(b"\r\n".join([*found, opening + b"--\r\n"]), parts)
        end = head.find(b"\r\n\r\n", len(opening)) + 4
        content = region.part(end, len(region) - end)
        if end < len(opening) + 4 or (len(content) > INLINE_LIMIT and _ENCODED.search(head, 0, end)):
            return _whole(body)
        if len(content) <= INLINE_LIMIT:
            found.append(region.read())
        else:
            mark = secrets.token_hex(32).encode()
            parts[mark] = content
            found.append(head[:end] + mark)
        start = following
    return Skeleton(b"\r\n".join(found), parts)  # without an end


def _whole(body: Spooled) -> Skeleton:
    return Skeleton(body.read(), {})
