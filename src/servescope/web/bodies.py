"""A request's body: read it within the limit, and take it apart into the fields that a handler is given.

Called by `inference` and `management`. What is large stays in the pieces it came in, and is never joined here.
"""

from collections.abc import Sequence
from typing import Any

from python_multipart import FormParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import Field as FormField
from python_multipart.multipart import File, parse_options_header

from servescope.errors import BadRequest
from servescope.wire.frames import INLINE_LIMIT
from servescope.wire.messages import Field

FORM_TYPES = frozenset((b"multipart/form-data", b"application/x-www-form-urlencoded"))
_DISCARD_LIMIT = 256 * 1024 * 1024


class BodyTooLarge(Exception):
    """The body is over max_request_size."""


class ClientGone(Exception):
    """The client hung up before its request was whole."""


async def read_body(scope: Any, receive: Any, announced: int, limit: int) -> list[bytes]:
    """The body in the pieces it came in. `announced`: the request's Content-Length.

    Raises:
        BodyTooLarge: it is over `limit` bytes. The rest was read and thrown away, so that the client gets to read the answer,
            unless it asked first (Expect: 100-continue) or sends without end.
        ClientGone: it never came whole.
    """
    if announced > limit and _asks_first(scope):
        raise BodyTooLarge
    message = await receive()
    if message["type"] == "http.disconnect":
        raise ClientGone
    body = message["body"]
    if not message["more_body"] and len(body) <= limit:
        return [body] if body else []
    pieces, size = [body], len(body)
    while message["more_body"] and size < limit + _DISCARD_LIMIT:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        body = message["body"]
        size += len(body)
        if size <= limit:
            pieces.append(body)
        else:
            pieces.clear()
    if size > limit:
        raise BodyTooLarge
    return pieces


def _asks_first(scope: Any) -> bool:
    return any(name == b"expect" for name, _ in scope["headers"])


def authorization_of(scope: Any) -> str | None:
    """The Authorization header."""
    for name, value in scope["headers"]:
        if name == b"authorization":
            text: str = value.decode("latin-1")
            return text
    return None


def mime_of(content_type: bytes) -> bytes:
    """A content type without its parameters, in lower case."""
    return content_type.partition(b";")[0].strip().lower()


def raw_fields(mime: bytes, pieces: Sequence[bytes]) -> tuple[list[Field], Sequence[bytes]]:
    """The one field of a body that is no form, and the pieces that travel beside the message."""
    kind = mime.decode("latin-1")
    if not pieces:
        return [Field("body", kind, b"")], ()
    if len(pieces) == 1 and len(pieces[0]) <= INLINE_LIMIT:
        return [Field("body", kind, pieces[0])], ()
    return [Field("body", kind, sum(map(len, pieces)))], pieces


def form_fields(content_type: bytes, pieces: Sequence[bytes]) -> dict[str, tuple[str, bytes]]:
    """A form's fields: name → MIME type ("" for text fields) and bytes. Of a repeated name the last wins.

    Raises:
        BadRequest: the body is no form of its content type.
    """
    mime, options = parse_options_header(content_type)
    found: dict[str, tuple[str, bytes]] = {}

    def on_field(field: FormField) -> None:
        name = (field.field_name or b"").decode("utf-8", "replace")
        found[name] = ("", field.value or b"")

    def on_file(file: File) -> None:
        name = (file.field_name or b"").decode("utf-8", "replace")
        file.file_object.seek(0)
        kind = mime_of((file.content_type or "").encode("latin-1", "replace")) if file.content_type else b""
        found[name] = (kind.decode("latin-1"), file.file_object.read())
        file.close()

    try:
        parser = FormParser(
            mime.decode("latin-1"),
            on_field,
            on_file,
            boundary=options.get(b"boundary"),
            config={"MAX_MEMORY_FILE_SIZE": 2**31},
        )
        for piece in pieces:
            parser.write(piece)
        parser.finalize()
    except FormParserError as error:
        raise BadRequest(f"Malformed {mime.decode('latin-1', 'replace')} body: {error}") from error
    return found


def message_fields(values: dict[str, tuple[str, bytes]]) -> tuple[list[Field], list[bytes]]:
    """Named values as the message's fields and the attachments that travel beside it."""
    fields = []
    attachments = []
    for name, (kind, data) in values.items():
        if len(data) > INLINE_LIMIT:
            attachments.append(data)
            fields.append(Field(name, kind, len(data)))
        else:
            fields.append(Field(name, kind, data))
    return fields, attachments
