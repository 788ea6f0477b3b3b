"""A request's body as the fields that a worker is sent.

Called by `inference` and `management`. What is large stays in the pieces it came in, and is never joined here. `forms` takes those
apart that are forms.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TypeVar

from servescope.wire.frames import INLINE_LIMIT
from servescope.wire.messages import Field
from servescope.wire.spooled.body import Spooled, bytes_of

Piece = TypeVar("Piece", bytes, bytes | Spooled)

_KEPT = 32  # content types: clients choose how long they are, up to the limit of a head


@lru_cache(maxsize=_KEPT)
def mime_of(content_type: bytes) -> bytes:
    """A content type without its parameters, in lower case."""
    return content_type.partition(b";")[0].strip().lower()


@lru_cache(maxsize=_KEPT)
def text_of(mime: bytes) -> str:
    """A MIME type as text."""
    return mime.decode("latin-1")


def raw_fields(mime: bytes, pieces: Sequence[Piece]) -> tuple[list[Field], Sequence[Piece]]:
    """The one field of a body that is no form, and the pieces that travel beside the message."""
    kind = text_of(mime)
    if len(pieces) == 1 and len(only := pieces[0]) <= INLINE_LIMIT:
        return [Field("body", kind, bytes_of(only))], ()
    if not pieces:
        return [Field("body", kind, b"")], ()
    return [Field("body", kind, sum(map(len, pieces)))], pieces


def message_fields(values: Mapping[str, tuple[str, bytes | Spooled]]) -> tuple[list[Field], list[bytes | Spooled]]:
    """Named values as the message's fields and the attachments that travel beside it."""
    fields = []
    attachments: list[bytes | Spooled] = []
    for name, (kind, data) in values.items():
        if len(data) > INLINE_LIMIT:
            attachments.append(data)
            fields.append(Field(name, kind, len(data)))
        else:
            fields.append(Field(name, kind, bytes_of(data)))
    return fields, attachments
